// A form whose answer takes a while is sent once, and its button says that it is under way.
addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  if (!form.dataset.once || event.defaultPrevented) return;
  if (form.hasAttribute("aria-busy")) return void event.preventDefault();
  form.setAttribute("aria-busy", "true");
  (submitter ?? form.querySelector("button")).textContent = form.dataset.once;
});
// Back from the next page, which may have said what to correct.
addEventListener("pageshow", ({ persisted }) => persisted && document.querySelector("form[aria-busy]") && location.reload());
