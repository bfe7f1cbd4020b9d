// Forms: focus on what is wrong, confirm by name, do not lose what was typed.

// After a refused form the summary of errors takes the focus, so that it is read first.
function focusSummary(root) {
  root.querySelector("[data-gb-focus]")?.focus();
}
focusSummary(document);
document.addEventListener("htmx:afterSwap", ({ target }) => focusSummary(target));

// An act that cannot be undone opens as a dialog instead of unfolding in place.
function openAsDialog(details) {
  const box = details.querySelector(".gb-confirm-box");
  const dialog = document.createElement("dialog");
  dialog.className = "gb-dialog";
  const heading = box.querySelector("h2[id]");
  if (heading) dialog.setAttribute("aria-labelledby", heading.id);
  dialog.append(box);
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    details.append(box);
    dialog.remove();
    details.querySelector("summary").focus();
  });
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const summary = event.target.closest("details[data-gb-confirm] > summary");
  if (summary) {
    event.preventDefault();
    openAsDialog(summary.parentElement);
  }
  if (event.target.closest("[data-gb-close]")) event.target.closest("dialog")?.close();
});

// The name typed must be the name shown; capitals and double spaces do not matter. The server checks it again.
const plain = (text) => text.normalize("NFC").trim().replace(/\s+/g, " ").toLocaleLowerCase("vi");

function checkName(field) {
  const expected = field.dataset.gbExpect;
  field.setCustomValidity(plain(field.value) === plain(expected) ? "" : `Hãy gõ đúng: ${expected}`);
}
document.addEventListener("input", ({ target }) => {
  if (target.matches("[data-gb-expect]")) checkName(target);
});
document.addEventListener("click", ({ target }) => {
  const form = target.closest("button[type=submit]")?.form;
  form?.querySelectorAll("[data-gb-expect]").forEach(checkName);
}, true);

// A form marked data-gb-guard asks before the page is left with something typed and not sent.
const touched = new Set();
document.addEventListener("input", ({ target }) => {
  const form = target.closest("form[data-gb-guard]");
  if (form) touched.add(form);
});
document.addEventListener("submit", ({ target }) => touched.delete(target));
document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
  const form = target.closest?.("form[data-gb-guard]");
  if (form && detail.successful) touched.delete(form);
});
window.addEventListener("beforeunload", (event) => {
  for (const form of touched) if (!form.isConnected) touched.delete(form);
  if (touched.size) event.preventDefault();
});
