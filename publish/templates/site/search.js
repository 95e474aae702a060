// Client-side search without a server. A plain script, since browsers don't load modules from disk.
(() => {
  "use strict";
  const form = document.querySelector("form.find");
  const box = form.querySelector("input");
  const status = form.querySelector("[role=status]");
  const list = document.querySelector("ol.found");
  const MOST = 40;
  const AROUND = 90;
  let pages = null;

  // Folds accents and case; "ß" becomes "ss". Each character stays one entry, so that positions can be mapped back.
  const folded = (text) => [...text].map(
    (sign) => sign.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace("ß", "ss")
      .replace("ة", "ه").replace("ى", "ي").replace(/[٠-٩۰-۹]/, (figure) => figure.charCodeAt(0) & 15));
  const fold = (text) => folded(text.normalize("NFC")).join("");

  function prepare() {
    pages = globalThis.siteWords.flatMap(([url, title, parts]) => {
      const name = fold(title);
      const rows = parts.length ? parts : [["", "", ""]];
      return rows.map(([at, who, words]) => ({ url, title, at, who, words, name, text: fold(`${who} ${words}`) }));
    });
    find();
  }

  function load() {
    if (document.querySelector("script[data-words]")) return;
    const script = document.createElement("script");
    script.src = form.dataset.words;
    script.dataset.words = "";
    script.addEventListener("load", prepare);
    document.head.append(script);
  }

  // A page whose title contains all words gets one line; other pages one per matching part.
  function matches(words) {
    const seen = new Set();
    const hits = [];
    for (const part of pages) {
      const inside = words.every((word) => part.text.includes(word));
      const named = words.every((word) => part.name.includes(word));
      const both = words.every((word) => part.text.includes(word) || part.name.includes(word));
      if (named && !seen.has(part.url)) {
        seen.add(part.url);
        hits.push({ ...part, at: "", rank: 0 });
      }
      if (inside || (both && !named)) hits.push({ ...part, rank: inside ? 1 : 2 });
    }
    return hits.sort((one, other) => one.rank - other.rank);
  }

  // The text around the first match, with matches highlighted.
  function excerpt(part, words) {
    const signs = [...part.words.normalize("NFC")];
    const line = folded(part.words.normalize("NFC"));
    const whole = line.join("");
    // Position of each character in the folded text.
    const starts = [];
    line.reduce((at, sign) => { starts.push(at); return at + sign.length; }, 0);
    const marked = new Set();
    let first = -1;
    for (const word of words) {
      const at = whole.indexOf(word);
      if (at < 0) continue;
      let from = starts.length - 1;
      while (starts[from] > at) from -= 1;
      if (first < 0 || from < first) first = from;
      for (let n = from; n < signs.length && starts[n] < at + word.length; n += 1) marked.add(n);
    }
    const begin = Math.max(0, first - AROUND / 2);
    const end = Math.min(signs.length, begin + 2 * AROUND);
    const shown = document.createElement("span");
    shown.className = "said";
    shown.dir = "auto";
    if (begin > 0) shown.append("… ");
    for (let n = begin; n < end;) {
      let next = n;
      while (next < end && marked.has(next) === marked.has(n)) next += 1;
      const text = signs.slice(n, next).join("");
      if (marked.has(n)) {
        const mark = document.createElement("mark");
        mark.textContent = text;
        shown.append(mark);
      } else {
        shown.append(text);
      }
      n = next;
    }
    if (end < signs.length) shown.append(" …");
    return shown;
  }

  function row(part, words) {
    const link = document.createElement("a");
    link.href = part.at ? `${part.url}#${part.at}` : part.url;
    const title = document.createElement("span");
    title.className = "title";
    title.dir = "auto";
    title.textContent = part.title;
    link.append(title);
    if (part.at || words.some((word) => part.text.includes(word))) link.append(excerpt(part, words));
    if (part.who) {
      const who = document.createElement("span");
      who.className = "meta";
      who.dir = "auto";
      who.textContent = part.who;
      link.append(who);
    }
    const item = document.createElement("li");
    item.append(link);
    return item;
  }

  function find() {
    // Substrings match too: an Arabic word without its article is found with and without one.
    const words = fold(box.value).split(/\s+/).filter(Boolean).map((word) => word.replace(/^و?ال(?=..)/, ""));
    if (!words.length || !pages) {
      list.replaceChildren();
      list.hidden = true;
      status.textContent = "";
      if (words.length) load();
      return;
    }
    const hits = matches(words);
    list.replaceChildren(...hits.slice(0, MOST).map((part) => row(part, words)));
    list.hidden = !hits.length;
    status.textContent = hits.length ? form.dataset.found.replace("{n}", hits.length) : form.dataset.none;
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const first = list.querySelector("a");
    if (first) first.focus();
  });
  box.addEventListener("focus", load);
  box.addEventListener("input", find);
  // After navigating back the browser may have kept the input.
  addEventListener("pageshow", find);
})();
