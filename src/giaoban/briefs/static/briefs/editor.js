// The editor of a section: saves by itself, says when somebody else saved, puts figures at the cursor. What the server
// has not taken yet is kept in this browser. Without it the form saves by its button and the picker is a page of its own.

const PAUSE = 2500;
const SIGNED_OUT = "Chưa lưu: phiên đăng nhập đã hết. Nội dung được giữ trong trình duyệt này; đăng nhập rồi mở lại phần này để lưu.";
const form = document.querySelector("[data-br-editor]");
const area = form?.querySelector("textarea[name=text]");
const state = form?.querySelector("[data-br-state]");
const version = form?.querySelector("input[name=version]");
const kept = `gb-brief/${form?.dataset.brEditor}`;
let timer = 0;
let saving = null;
let clash = false;
let stored = area?.value ?? "";

const say = (text) => { state.textContent = text; };

// A browser that keeps nothing (full, forbidden) still saves to the server.
function keep() {
  try {
    if (area.value === stored) localStorage.removeItem(kept);
    else localStorage.setItem(kept, JSON.stringify({ text: area.value, version: version.value }));
  } catch { /* nothing is kept */ }
}

// What was typed before and never reached the server; of an older version it goes the way of two writers.
function restore() {
  let held = null;
  try { held = JSON.parse(localStorage.getItem(kept)); } catch { return; }
  if (typeof held?.text !== "string" || held.text === area.value) return;
  area.value = held.text;
  version.value = held.version;
  say("đã khôi phục nội dung chưa lưu ở lần trước");
  timer = setTimeout(save, PAUSE);
}

function save() {
  clearTimeout(timer);
  if (clash || area.value === stored) return saving ?? Promise.resolve();
  saving ??= send().finally(() => { saving = null; });
  return saving;
}

// Taken is what the server says it has taken: the page to sign in, or that of something in between, is no such answer.
async function send() {
  const sent = area.value;
  say("đang lưu…");
  try {
    const body = new FormData(form);
    body.delete("state");
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    if (answer.status === 409 && told.conflict) conflict(told);
    else if (answer.ok && !answer.redirected && Number.isInteger(told.version)) done(told, sent);
    else if (answer.redirected || answer.status === 403) say(SIGNED_OUT);
    else say(told.refused ?? "Chưa lưu được. Nội dung được giữ trong trình duyệt này; bấm Lưu để thử lại.");
  } catch {
    say("Mất kết nối, chưa lưu. Nội dung được giữ trong trình duyệt này.");
    timer = setTimeout(save, PAUSE * 4);
  }
}

function done(told, sent) {
  version.value = told.version;
  stored = sent;
  if (area.value === sent && told.text !== sent) {
    const at = area.selectionStart;
    area.value = told.text;
    stored = told.text;
    area.setSelectionRange(at, at);
  }
  keep();
  say(`đã lưu ${told.at}`);
  const reading = document.querySelector("[data-br-reading]");
  if (reading) reading.innerHTML = told.reading;
  if (area.value === stored) form.dispatchEvent(new CustomEvent("htmx:afterRequest", { bubbles: true, detail: { successful: true } }));
  else timer = setTimeout(save, PAUSE);
}

// Two wrote at once: nothing is overwritten; both texts are shown, one is chosen.
function conflict(told) {
  clash = true;
  say("chưa lưu: có người khác vừa lưu");
  const box = document.createElement("div");
  box.className = "alert alert-warning br-clash";
  box.setAttribute("role", "alert");
  const words = document.createElement("p");
  words.textContent = told.conflict;
  const theirs = document.createElement("textarea");
  theirs.className = "form-control";
  theirs.rows = 8;
  theirs.readOnly = true;
  theirs.value = told.theirs;
  theirs.setAttribute("aria-label", `Bản của ${told.who}`);
  const acts = document.createElement("div");
  acts.className = "gb-acts";
  const choose = (label, text) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn";
    button.textContent = label;
    button.addEventListener("click", () => {
      version.value = told.version;
      stored = told.theirs;
      area.value = text ?? area.value;
      clash = false;
      box.remove();
      area.focus();
      keep();
      if (area.value === stored) say("đã lấy bản vừa lưu");
      else save();
    });
    return button;
  };
  acts.append(choose(`Lấy bản của ${told.who}`, told.theirs), choose("Lưu bản của tôi", null));
  box.append(words, theirs, acts);
  area.after(box);
  theirs.focus();
}

function insert(words) {
  const at = area.selectionStart ?? area.value.length;
  const before = at > 0 && !/\s$/.test(area.value.slice(0, at)) ? " " : "";
  area.setRangeText(`${before}${words}`, at, area.selectionEnd ?? at, "end");
  area.focus();
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

// The picker in a dialog: the same page part as without a script.
async function pick(address) {
  const dialog = document.createElement("dialog");
  dialog.className = "br-dialog";
  dialog.setAttribute("aria-label", "Chèn số liệu");
  const close = document.createElement("button");
  close.type = "button";
  close.className = "btn btn-link";
  close.textContent = "Đóng";
  close.addEventListener("click", () => dialog.close());
  const place = document.createElement("div");
  dialog.append(close, place);
  document.body.append(dialog);
  dialog.addEventListener("close", () => { dialog.remove(); area.focus(); });
  const show = async (url, options = {}) => {
    const answer = await fetch(url, { ...options, headers: { "X-Requested-With": "editor" } });
    if (answer.headers.get("Content-Type")?.includes("json")) {
      const told = await answer.json();
      if (told.words) {
        dialog.close();
        insert(told.words);
      } else {
        const words = document.createElement("p");
        words.className = "alert alert-danger";
        words.setAttribute("role", "alert");
        words.textContent = told.refused;
        place.prepend(words);
      }
      return;
    }
    if (!answer.ok) { location.assign(address); return; }
    place.innerHTML = await answer.text();
  };
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    const sent = new FormData(event.target, event.submitter);
    if (event.target.matches("[data-br-bind]")) {
      sent.set("sau", "0");
      show(event.target.action, { method: "POST", body: sent });
    } else {
      show(`${event.target.action}?${new URLSearchParams(sent)}`);
    }
  });
  dialog.addEventListener("change", ({ target }) => {
    if (target.matches("[data-br-find] select")) target.form.requestSubmit();
  });
  dialog.showModal();
  await show(address);
}

if (form) {
  area.addEventListener("input", () => {
    clearTimeout(timer);
    keep();
    if (!clash) { say("chưa lưu"); timer = setTimeout(save, PAUSE); }
  });
  // The form goes its way only when the server has the text: a page that loads in its place would lose it.
  form.addEventListener("submit", async (event) => {
    if (!clash && area.value === stored) return;
    event.preventDefault();
    event.stopPropagation();
    if (clash) { form.querySelector(".br-clash button")?.focus(); return; }
    await save();
    if (!clash && area.value === stored) form.requestSubmit(event.submitter);
  });
  area.addEventListener("keydown", (event) => {
    if (event.key === "s" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); save(); }
  });
  form.querySelector("[data-br-pick]")?.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { href } = event.currentTarget;
    await save();
    pick(href);
  });
  restore();
}
