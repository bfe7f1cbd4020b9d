// The editor of a section: saves by itself, says when somebody else saved, puts figures at the cursor.
// Without it the form saves by its button and the picker is a page of its own.

const PAUSE = 2500;
const form = document.querySelector("[data-br-editor]");
const area = form?.querySelector("textarea[name=text]");
const state = form?.querySelector("[data-br-state]");
const version = form?.querySelector("input[name=version]");
let timer = 0;
let saving = false;
let clash = false;
let stored = area?.value ?? "";

const say = (text) => { state.textContent = text; };

async function save() {
  clearTimeout(timer);
  if (saving || clash || area.value === stored) return;
  saving = true;
  const sent = area.value;
  say("đang lưu…");
  try {
    const body = new FormData(form);
    body.delete("state");
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    if (answer.status === 409) conflict(told, sent);
    else if (answer.ok) done(told, sent);
    else say(told.refused ?? "Chưa lưu được. Bấm Lưu để thử lại.");
  } catch {
    say("Mất kết nối, chưa lưu. Nội dung vẫn còn trên trang.");
    timer = setTimeout(save, PAUSE * 4);
  } finally {
    saving = false;
  }
  if (!clash && area.value !== stored && state.textContent.startsWith("đã lưu")) timer = setTimeout(save, PAUSE);
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
  say(`đã lưu ${told.at}`);
  const reading = document.querySelector("[data-br-reading]");
  if (reading) reading.innerHTML = told.reading;
  form.dispatchEvent(new CustomEvent("htmx:afterRequest", { bubbles: true, detail: { successful: true } }));
}

// Two wrote at once: nothing is overwritten; both texts are shown, one is chosen.
function conflict(told, mine) {
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
    if (!clash) { say("chưa lưu"); timer = setTimeout(save, PAUSE); }
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
}
