// Sessions as buttons: current ones first, the others one tap away.

const at = (id) => document.getElementById(id);

export class SessionList {
  constructor(url, onPick) {
    Object.assign(this, { url, onPick, listed: "" });
  }

  async refresh() {
    try {
      const answer = await fetch(this.url, { headers: { Accept: "application/json" } });
      const { sessions } = await answer.json();
      this.draw(sessions);
    } catch {
      // The kiosk is restarting: keep the current list.
    }
  }

  draw(sessions) {
    const text = JSON.stringify(sessions);
    // Unchanged buttons keep their elements, for keyboard focus.
    if (text === this.listed) return;
    this.listed = text;
    const now = sessions.filter((each) => each.running);
    const later = sessions.filter((each) => !each.running);
    at("now").replaceChildren(...now.map((each) => this.button(each)));
    at("now").hidden = !now.length;
    at("later").replaceChildren(...later.map((each) => this.button(each)));
    at("others").hidden = !later.length;
    at("no-sessions").hidden = Boolean(sessions.length);
  }

  button(session) {
    const place = document.createElement("li");
    const button = Object.assign(document.createElement("button"), { type: "button", onclick: () => this.onPick(session) });
    const title = Object.assign(document.createElement("strong"), { textContent: session.title, dir: "auto" });
    const when = Object.assign(document.createElement("span"), { textContent: session.when, className: "soft", dir: "auto" });
    button.append(title, when);
    place.append(button);
    return place;
  }
}
