// Typed texts go to the server by themselves. The server's versions decide: a text that somebody else changed meanwhile is
// not overwritten but told (`onConflict`). The clock shown is the server's.

import { Store } from "./store.js";

const PAUSE = 500; // after the last change, in milliseconds
const FIRST_RETRY = 2_000;
const LAST_RETRY = 30_000;
const POLL = 4_000;
const QUIET = 120_000; // without anything new for so long, the page asks less often
const AT_ONCE = 2_000; // cells in one message
const LARGEST = 600_000; // bytes of the cells in one message; the server reads no more than 1 MB
const LAST_WORDS = 60_000; // as much as a browser takes along from a closing page, in characters

const UNWRITABLE = /[\0-\x08\v\f\x0e-\x1f]/g; // what the server does not take as text

const bytes = (words) => new TextEncoder().encode(JSON.stringify(words)).length;

// As many entries from the beginning as go into one message.
function fitting(entries) {
  let size = 0;
  const past = entries.findIndex(([name, { text }]) => (size += bytes(name) + bytes(text) + 40) > LARGEST);
  return entries.slice(0, past < 0 ? AT_ONCE : Math.min(AT_ONCE, Math.max(1, past)));
}

export class Autosave extends EventTarget {
  constructor(data, csrf) {
    super();
    this.address = data.address;
    this.csrf = csrf;
    this.draft = data.draft;
    this.version = data.version; // the latest that was sent: what the page shows where there is no draft
    this.revision = data.revision;
    this.saved = data.saved;
    this.versions = new Map(Object.entries(data.cells).map(([name, cell]) => [name, cell.version]));
    this.store = new Store(data.store);
    this.waiting = new Map(); // name → {text, base, draft, version}: not acknowledged
    this.conflicts = new Map(); // name → what stands on the server instead
    this.refused = new Map(); // name → why the server does not take it
    this.isChecked = new URLSearchParams(location.search).has("kiem-tra");
    this.state = "saved";
    this.retry = FIRST_RETRY;
    this.lastNews = performance.now();
  }

  get unsent() {
    return this.waiting.size;
  }

  // Begin with what an earlier window could not send; gives the texts to show again. What was typed into another draft, or
  // over another version, does not go by itself: the person chooses.
  restore(current) {
    const texts = new Map();
    for (const [name, entry] of this.store.all()) {
      if (entry.text === current(name)) {
        this.store.drop(name);
        continue;
      }
      texts.set(name, entry.text);
      this.waiting.set(name, entry);
      const isOtherDraft = entry.draft !== null && entry.draft !== this.draft;
      if (isOtherDraft || (entry.version ?? 0) !== this.version) {
        const version = this.versions.get(name) ?? 0;
        this.conflicts.set(name, { text: current(name) ?? "", version, by: "", at: this.saved });
      }
    }
    if (texts.size) this.#later(0);
    return texts;
  }

  start() {
    this.#poll();
    window.addEventListener("online", () => this.#later(0));
    document.addEventListener("visibilitychange", () => document.hidden || this.#ask());
    window.addEventListener("pagehide", () => this.#lastWords());
    this.#tell();
  }

  // Texts changed. now: their cells were left, so they may go; else they are only kept here in case that the page dies.
  put(texts, { now = true } = {}) {
    for (const [name, typed] of texts) {
      const held = this.waiting.get(name);
      const text = typed.trim().replace(UNWRITABLE, "").toWellFormed();
      const { draft, version } = held ?? this;
      const entry = { text, base: held?.base ?? this.versions.get(name) ?? 0, draft, version };
      this.refused.delete(name);
      this.waiting.set(name, entry);
      this.store.put(name, entry);
    }
    if (now) this.#later(PAUSE);
    this.#tell();
  }

  // The person chose: mine goes over what is there, theirs is taken.
  settle(name, mine) {
    const theirs = this.conflicts.get(name);
    this.conflicts.delete(name);
    if (mine) {
      const entry = { ...this.waiting.get(name), base: theirs.version, draft: this.draft, version: this.version };
      this.waiting.set(name, entry);
      this.store.put(name, entry);
      this.#later(0);
    } else {
      this.versions.set(name, theirs.version);
      this.#forget(name);
    }
    this.#tell();
  }

  // Send everything; true when nothing is left. checked: from now on blank cells are faults too.
  async flush({ checked = false } = {}) {
    if (checked) this.isChecked = true;
    while (this.sending) await this.sending;
    if (this.isOver) return false;
    if (this.#ready().length || checked) await this.#send();
    while (this.#ready().length && this.state === "saved") await this.#send();
    return this.waiting.size === 0;
  }

  #ready() {
    return [...this.waiting].filter(([name]) => !this.conflicts.has(name) && !this.refused.has(name));
  }

  #later(delay) {
    clearTimeout(this.timer);
    if (!this.isOver) this.timer = setTimeout(() => this.#go(), delay);
  }

  async #go() {
    if (this.sending || !this.#ready().length) return;
    await this.#send();
    if (this.#ready().length) this.#later(this.state === "saved" ? 0 : this.retry);
  }

  #url(query = {}) {
    const url = new URL(this.address, location.href);
    if (this.isChecked) url.searchParams.set("kiem-tra", "1");
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url;
  }

  #message(entries) {
    const cells = Object.fromEntries(entries.map(([name, { text, base }]) => [name, { text, base }]));
    return {
      method: "PATCH",
      headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
      body: JSON.stringify({ draft: this.draft, version: this.version, seen: this.revision, cells }),
    };
  }

  async #send() {
    const entries = fitting(this.#ready());
    this.#set("saving");
    this.sending = this.#fetch(this.#url(), this.#message(entries), (news) => this.#taken(entries, news));
    await this.sending;
    this.sending = null;
  }

  async #ask() {
    if (this.sending || this.asking || this.isOver) return;
    this.asking = this.#fetch(this.#url({ draft: this.draft ?? "", seen: this.revision }), {}, (news) => {
      if (!this.sending) this.#learn(news);
      if (this.state === "offline") this.#set("saved");
    });
    await this.asking;
    this.asking = null;
  }

  async #fetch(url, options, take) {
    let answer;
    try {
      answer = await fetch(url, { ...options, credentials: "same-origin", signal: AbortSignal.timeout(20_000) });
      const isOurs = answer.headers.get("Content-Type")?.includes("json");
      if (answer.ok && isOurs && !answer.redirected) {
        const news = await answer.json();
        this.retry = FIRST_RETRY;
        take(news);
        return;
      }
      const sentence = isOurs ? (await answer.json()).sentence : "";
      if (answer.status >= 500 || answer.status === 429) throw new Error(answer.statusText);
      if (answer.status === 404) this.#end("refused", "Bạn không còn quyền nhập báo cáo này.");
      else this.#end(answer.status === 409 ? "sent" : sentence ? "refused" : "signed-out", sentence);
    } catch {
      this.#set("offline");
      this.retry = Math.min(LAST_RETRY, this.retry * 1.6);
      if (options.method) this.#later(this.retry);
    }
  }

  // The server's answer to sent texts: what it has is no longer kept here, unless it was changed again meanwhile.
  #taken(entries, news) {
    for (const [name, entry] of entries) {
      const conflict = news.conflicts[name];
      const refusal = news.refused[name];
      if (conflict) this.conflicts.set(name, conflict);
      else if (refusal) this.refused.set(name, refusal);
      else if (this.waiting.get(name)?.text === entry.text) this.#forget(name);
      else {
        const later = { ...this.waiting.get(name), base: news.cells[name]?.version ?? entry.base, draft: news.draft };
        this.waiting.set(name, later);
        this.store.put(name, later);
      }
    }
    this.#learn(news);
    this.#set("saved");
    if (Object.keys(news.conflicts).length) this.#say("conflict", Object.keys(news.conflicts));
    if (Object.keys(news.refused).length) this.#say("refused", news.refused);
  }

  // What is new on the server: texts of others are shown where nothing of one's own waits.
  #learn(news) {
    if (this.draft !== null && news.draft !== this.draft) {
      this.#end("sent", "Bản nháp này đã được gửi đi từ nơi khác.");
      return;
    }
    if (news.version !== this.version) {
      this.#end("sent", `Bản ${news.version} của báo cáo này đã được gửi từ nơi khác.`);
      return;
    }
    const others = new Map();
    for (const [name, cell] of Object.entries(news.cells)) {
      if (this.waiting.has(name)) continue;
      this.versions.set(name, cell.version);
      others.set(name, cell);
    }
    if (this.revision !== news.revision) this.lastNews = performance.now();
    [this.draft, this.revision, this.saved] = [news.draft, news.revision, news.saved];
    this.#say("news", { ...news, others });
  }

  #forget(name) {
    this.waiting.delete(name);
    this.store.drop(name);
  }

  #poll() {
    const isQuiet = performance.now() - this.lastNews > QUIET;
    setTimeout(async () => {
      if (!document.hidden) await this.#ask();
      if (!this.isOver) this.#poll();
    }, isQuiet ? 4 * POLL : POLL);
  }

  #lastWords() {
    const message = this.#message(this.#ready());
    if (this.isOver || !this.#ready().length || message.body.length > LAST_WORDS) return;
    fetch(this.#url(), { ...message, keepalive: true, credentials: "same-origin" }).catch(() => {});
  }

  #end(state, sentence) {
    this.isOver = true;
    this.sentence = sentence;
    this.#set(state);
  }

  #set(state) {
    this.state = state;
    this.#tell();
  }

  #tell() {
    this.#say("state", this.state);
  }

  #say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
