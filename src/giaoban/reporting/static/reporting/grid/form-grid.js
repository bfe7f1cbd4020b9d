// <form-grid>: the entry tables of a report as a spreadsheet. The table and its inputs are the server's; without this file
// they are an ordinary form. What it adds: moving, ranges, copy and paste, fill, undo, marks, live sums, saving by itself.

import { Autosave } from "./autosave.js";
import { Bar } from "./bar.js";
import { Blocks } from "./blocks.js";
import { Sheet } from "./cells.js";
import { recompute } from "./computed.js";
import { Conflicts } from "./conflicts.js";
import { Editing } from "./editing.js";
import { make } from "./elements.js";
import { CellField, TextField } from "./fields.js";
import { MarkMenu } from "./marks.js";
import { NewLines } from "./newlines.js";
import { Selection } from "./selection.js";
import { showStatus } from "./status.js";
import { Undo } from "./undo.js";

class FormGrid extends HTMLElement {
  connectedCallback() {
    performance.mark("form-grid-begin");
    this.root = this;
    this.form = this.closest("form");
    this.data = JSON.parse(this.querySelector("script[type='application/json']").textContent);
    this.sheet = new Sheet(this, this.data.tables);
    this.selection = new Selection(this.sheet);
    this.undo = new Undo();
    this.said = new Map(Object.entries(this.data.said));
    this.saved = new Map(Object.entries(this.data.cells));
    this.marked = new Map(Object.entries(this.data.marked));
    this.words = []; // to be said at the next frame
    this.live = make("div", { className: "visually-hidden", role: "status", "aria-live": "polite" });
    this.blocks = new Blocks(this);
    this.bar = new Bar({
      mark: (mark) => this.blocks.mark(mark),
      back: () => this.back(),
      again: () => this.again(),
      past: () => this.#showPast(),
    });
    this.menu = new MarkMenu((mark) => this.blocks.mark(mark));
    this.prepend(this.bar.element);
    this.append(this.menu.element, this.live);
    this.editing = new Editing(this);
    this.newLines = new NewLines(this);
    this.addEventListener("contextmenu", (event) => this.#onMenu(event));
    for (const cell of this.sheet.byPlace.values()) if (cell.output) cell.place.tabIndex = -1;
    this.#beginSaving();
    this.#fit();
    for (const table of this.sheet.tables) {
      for (const cell of table.grid.flat()) if (cell.fault) this.#check(cell);
      recompute(table);
    }
    document.addEventListener("click", (event) => this.#onJump(event));
    this.dataset.ready = "1";
    performance.mark("form-grid-ready");
  }

  // Saving

  #beginSaving() {
    const csrf = this.form.elements.csrfmiddlewaretoken.value;
    this.autosave = new Autosave(this.data, csrf);
    this.findings = document.querySelector("[data-grid-findings]");
    this.conflicts = new Conflicts(this.autosave, (name, mine) => this.#settle(name, mine));
    this.findings.parentElement.insertBefore(this.conflicts.list, this.findings);
    document.querySelector("[data-grid-status]")?.remove();
    this.autosave.addEventListener("state", () => showStatus(this.bar.status, this.autosave));
    this.autosave.addEventListener("news", ({ detail }) => this.#onNews(detail));
    this.autosave.addEventListener("conflict", ({ detail }) => this.#onConflict(detail));
    this.autosave.addEventListener("refused", ({ detail }) => this.#onRefused(detail));
    const restored = this.autosave.restore((name) => this.fieldOf(name)?.text);
    for (const [name, text] of restored) {
      const field = this.fieldOf(name);
      if (field) field.text = text;
    }
    if (restored.size) this.announce(`Đã khôi phục ${restored.size} ô chưa gửi ở lần trước.`);
    this.conflicts.draw((name) => this.fieldOf(name));
    this.autosave.start();
    this.form.removeAttribute("data-gb-guard");
    this.form.addEventListener("submit", (event) => this.#onSubmit(event));
    this.form.addEventListener("input", ({ target }) => {
      if (target.matches("textarea[name], [data-grid-saved]")) this.autosave.put([[target.name, target.value]]);
    });
    window.addEventListener("pagehide", () => this.editing.commit(), { capture: true });
    window.addEventListener("beforeunload", (event) => {
      if (this.autosave.unsent && !this.autosave.store.works) event.preventDefault();
    });
  }

  // A cell of the table, or a field beside it, by the name under which it is saved.
  fieldOf(name) {
    const cell = this.sheet.byName.get(name);
    if (cell) return cell.input ? new CellField(cell) : undefined;
    const field = this.form.elements[name];
    const isKept = field instanceof HTMLTextAreaElement || field?.dataset?.gridSaved;
    return isKept ? new TextField(field) : undefined;
  }

  #onNews(news) {
    const touched = new Set();
    for (const [name, cell] of news.others) {
      this.saved.set(name, cell);
      const field = this.fieldOf(name);
      if (!field || field.text === cell.text || field.isBusy) continue;
      field.text = cell.text;
      if (!field.cell) continue;
      touched.add(field.cell.table);
      this.#check(field.cell);
      if (!cell.mine) this.#flash(field.cell);
    }
    const strange = [...news.others].filter(([name, cell]) => !cell.mine && cell.text && this.newLines.isUnknown(name));
    if (strange.length) this.announce("Có dòng mới do người khác thêm; tải lại trang để thấy.", { reload: true });
    touched.forEach(recompute);
    if (news.others.size && [...news.others.values()].some((cell) => !cell.mine)) {
      const by = [...new Set([...news.others.values()].map((cell) => cell.by).filter(Boolean))].join(", ");
      if (by) this.tell(`${by} vừa lưu ${news.others.size} ô.`);
    }
    this.bar.people.textContent = news.people.length ? `Cùng mở: ${news.people.join(", ")}` : "";
    this.form.elements.draft.value = news.draft ?? "";
    this.form.elements.seen.value = news.revision;
    if (news.said) this.#showChecks(news);
    if (this.selection.active) this.#show();
  }

  #showChecks({ said, findings, explanations }) {
    this.said = new Map(Object.entries(said));
    this.findings.innerHTML = findings;
    this.#paintSaid();
    const place = document.querySelector("[data-grid-explanations]");
    const typed = new Map([...place.querySelectorAll("textarea")].map((field) => [field.name, field]));
    const fresh = make("div", { innerHTML: explanations });
    const names = [...fresh.querySelectorAll("textarea")].map((field) => field.name);
    const isSame = names.length === typed.size && names.every((name) => typed.has(name));
    if (isSame || place.contains(document.activeElement)) return;
    for (const field of fresh.querySelectorAll("textarea")) {
      if (typed.has(field.name)) field.value = typed.get(field.name).value;
    }
    place.replaceChildren(...fresh.childNodes);
  }

  #paintSaid() {
    for (const cell of this.sheet.byPlace.values()) if (cell.kind !== "none" && cell.kind !== "name") this.#check(cell);
  }

  #onConflict(names) {
    this.conflicts.draw((name) => this.fieldOf(name));
    const first = this.fieldOf(names[0]);
    this.tell(`${names.length} ô hai người cùng sửa. ${first ? first.path : ""}: hãy chọn số đúng.`);
  }

  #settle(name, mine) {
    const field = this.fieldOf(name);
    const theirs = this.autosave.conflicts.get(name);
    this.autosave.settle(name, mine);
    if (!mine && field) {
      field.text = theirs.text;
      this.saved.set(name, theirs);
      if (field.cell) recompute(field.cell.table);
    }
    this.conflicts.draw((one) => this.fieldOf(one));
    field?.focus();
  }

  #onRefused(refused) {
    for (const [name, words] of Object.entries(refused)) {
      this.said.set(name, { tone: "err", words: [`Chưa lưu: ${words}`] });
    }
    this.#paintSaid();
    this.announce(`${Object.keys(refused).length} ô chưa lưu được: ${Object.values(refused)[0]}`);
  }

  // The buttons of the form: first everything typed goes to the server, then the form itself, or only the check.
  async #onSubmit(event) {
    const act = event.submitter?.value;
    if (this.mayGo || !["check", "save", "send"].includes(act)) return;
    event.preventDefault();
    this.editing.commit();
    const isSent = await this.autosave.flush({ checked: act === "check" });
    if (act === "check") {
      document.getElementById("can-xem")?.scrollIntoView({ block: "nearest" });
      const errors = this.findings.querySelector("h2")?.textContent ?? "";
      this.tell(this.autosave.state === "saved" ? errors : this.bar.status.textContent);
    } else if (isSent) {
      this.mayGo = true;
      setTimeout(() => this.form.requestSubmit(event.submitter)); // after this submit event has ended, else it is ignored
    } else this.announce(`Chưa gửi được: ${this.bar.status.textContent.replace(/\.$/, "")}.`);
  }

  // Cells

  // A key was typed into a cell that is still being typed into.
  typed(cell) {
    if (cell.kind === "name") return;
    this.autosave.put([[cell.name, cell.text]], { now: false });
    recompute(cell.table);
  }

  // One step: texts of cells change, together, and can be taken back together.
  apply(step, { isUndo = false } = {}) {
    const real = step.filter(({ from, to }) => from !== to);
    const tables = new Set();
    for (const { cell, to } of step) {
      cell.text = to;
      tables.add(cell.table);
    }
    for (const { cell, from, to } of real) {
      if (cell.kind === "name") this.newLines.named(cell, to);
      this.#forgetSaid(cell);
      this.#check(cell);
    }
    const kept = real.filter(({ cell }) => cell.kind !== "name" && this.newLines.isNamed(cell));
    if (kept.length) this.autosave.put(kept.map(({ cell, to }) => [cell.name, to]));
    tables.forEach(recompute);
    if (real.length && !isUndo) this.undo.push(real);
    if (this.selection.active) this.#show();
    if (real.some(({ cell, to }) => to && !this.newLines.isNamed(cell))) {
      this.bar.tell({ tone: "warn", words: ["Chưa lưu: đặt tên cho dòng này trước."] });
    }
    return real.length;
  }

  // The server will say anew what it thinks of a changed cell.
  #forgetSaid(cell) {
    this.said.delete(cell.name);
  }

  #check(cell) {
    const fault = cell.fault;
    const said = this.said.get(cell.name);
    const tone = fault ? "err" : said?.tone ?? "";
    const place = cell.place;
    if (place.classList.contains("err") !== (tone === "err")) place.classList.toggle("err");
    if (place.classList.contains("warn") !== (tone === "warn")) place.classList.toggle("warn");
    const isMarked = this.markOf(cell) !== undefined;
    if (place.classList.contains("marked") !== isMarked) place.classList.toggle("marked");
    let flag = place.querySelector(":scope > .flag");
    if (!tone && !isMarked) flag?.remove();
    else if (!flag) place.prepend((flag = make("span", { "aria-hidden": "true" })));
    if (isMarked) [flag.className, flag.textContent] = ["flag gb-late", "↺"];
    else if (tone) [flag.className, flag.textContent] = tone === "err" ? ["flag gb-late", "!"] : ["flag gb-soon", "?"];
    if (!cell.input) return;
    cell.input.classList.toggle("is-wrong", Boolean(fault));
    if (tone === "err") cell.input.setAttribute("aria-invalid", "true");
    else cell.input.removeAttribute("aria-invalid");
  }

  // What the receiver noted at a cell, while it still says what it said when the report came back.
  markOf(cell) {
    const mark = this.marked.get(cell.name);
    return mark && mark.text === cell.text ? mark : undefined;
  }

  #flash(cell) {
    cell.place.classList.add("is-fresh");
    setTimeout(() => cell.place.classList.remove("is-fresh"), 2_500);
  }

  // Where one is

  arrived(cell) {
    this.#show();
    cell.place.scrollIntoView({ block: "nearest", inline: "nearest" }); // also when the bar above it has grown
    if (cell.input) cell.input.setAttribute("aria-describedby", "luoi-noi luoi-o");
    else this.tell(`${cell.path}: ${cell.text || "trống"}, máy tính`);
  }

  chose() {
    this.#show();
  }

  #show() {
    const cell = this.selection.active;
    if (!cell) return;
    const fault = cell.fault;
    const found = fault ? { tone: "err", words: [fault] } : this.said.get(cell.name);
    const mark = this.markOf(cell);
    const asked = mark ? [`Nơi nhận đề nghị xem lại${mark.note ? `: ${mark.note}` : ""}.`] : [];
    const said = mark ? { ...found, tone: "err", words: [...asked, ...(found?.words ?? [])] } : found;
    const rows = this.selection.rows;
    const range = this.selection.isRange ? `${rows.length} dòng × ${rows[0].length} cột đang chọn` : undefined;
    this.bar.show(cell, { earlier: this.data.earlier, saved: this.saved.get(cell.name), said, range });
  }

  // Said to those who listen; what is said at the same moment is said together.
  tell(words) {
    this.words.push(words);
    if (this.words.length > 1) return;
    this.live.textContent = "";
    requestAnimationFrame(() => (this.live.textContent = this.words.splice(0).join(" ")));
  }

  // Said to those who listen and to those who look.
  announce(words, { reload = false } = {}) {
    this.tell(words);
    this.bar.announce(words, { reload });
  }

  jump(name) {
    const cell = this.sheet.byName.get(name);
    if (cell?.focusable) this.#jumpTo(cell);
  }

  #jumpTo(cell) {
    cell.focusable.focus();
    cell.place.scrollIntoView({ block: "center", inline: "nearest" });
  }

  #onJump(event) {
    const link = event.target.closest("a[href^='#']");
    if (!link) return;
    if (link.dataset.explain) {
      event.preventDefault();
      this.explain({ name: this.selection.active?.name }, link.dataset.explain);
      return;
    }
    const target = document.getElementById(decodeURIComponent(link.hash.slice(1)));
    const cell = this.sheet.byName.get(link.dataset.cell) ?? this.sheet.of(target);
    if (!cell?.focusable) return;
    event.preventDefault();
    this.#jumpTo(cell);
  }

  nextIssue(direction) {
    const all = [...this.sheet.byPlace.values()].filter((cell) => cell.focusable);
    const here = all.indexOf(this.selection.active);
    const around = [...all.slice(here + 1), ...all.slice(0, here + 1)]; // from the next one on, once round
    const isMarked = (cell) => cell.place.matches(".err, .warn, .marked, .is-conflict");
    const next = direction > 0 ? around.find(isMarked) : around.slice(0, -1).findLast(isMarked);
    if (next) this.#jumpTo(next);
    else this.tell("Không còn ô nào cần xem.");
    return true;
  }

  // From a cell with a warning to the field for the unit's words on it.
  explain(cell, name = this.said.get(cell.name)?.explain) {
    const field = name ? this.form.elements[name] : undefined;
    if (!field) this.tell("Ô này không có cảnh báo cần giải trình.");
    field?.focus();
    return true;
  }

  #showPast() {
    const isShown = this.bar.past.getAttribute("aria-pressed") !== "true";
    this.bar.past.setAttribute("aria-pressed", String(isShown));
    for (const table of this.querySelectorAll("table[data-hides-past]")) table.classList.toggle("shows-past", isShown);
  }

  // Taking back

  back() {
    return this.#replay(this.undo.back(), "Đã hoàn tác", "Không còn gì để hoàn tác");
  }

  again() {
    return this.#replay(this.undo.again(), "Đã làm lại", "Không còn gì để làm lại");
  }

  #replay(step, done, nothing) {
    if (step) {
      this.apply(step, { isUndo: true });
      if (!step.some(({ cell }) => cell === this.selection.active)) this.editing.go(step[0].cell);
      this.stand();
    }
    this.tell(step ? `${done} ${step.length} ô.` : `${nothing}.`);
    return true;
  }

  stand() {
    const cell = this.selection.active;
    if (!cell?.input) return;
    this.editing.before = cell.text;
    cell.input.select();
  }

  // Menu

  #onMenu(event) {
    const cell = this.sheet.of(event.target);
    if (!cell?.isTyped || cell.kind === "name" || this.editing.mode === "inside") return;
    event.preventDefault();
    if (!this.selection.rows.flat().includes(cell)) cell.input.focus();
    this.openMenu(cell);
  }

  openMenu(cell) {
    if (!cell.isTyped || cell.kind === "name") return false;
    this.editing.commit();
    this.menu.open(cell);
    return true;
  }

  // A cell that gets the focus is not hidden behind the frozen headings; on a phone they are not frozen.
  #fit() {
    for (const table of this.sheet.tables) {
      const scroll = table.element.closest(".gb-scroll");
      const head = table.element.tHead;
      const stub = head.querySelector(".c1");
      const above = getComputedStyle(head).position === "sticky" ? head.offsetHeight + 4 : 8;
      scroll.style.scrollPadding = `${above}px 8px 8px ${stub.offsetWidth + 4}px`;
      if (table.element.hasAttribute("data-hides-past")) this.bar.past.hidden = false;
    }
  }
}

customElements.define("form-grid", FormGrid);
