// Copies the table to a spreadsheet, and the link that shows it again. Without this file there is the XLSX and the link.

const said = () => document.querySelector("[data-ix-said]");

function say(button, text) {
  const place = said();
  if (place) place.textContent = text;
  const label = button.dataset.ixLabel ?? button.textContent;
  button.dataset.ixLabel = label;
  button.textContent = text;
  setTimeout(() => { button.textContent = label; }, 2500);
}

// What a cell is: its exact figure, else the sign that stands in its place, else its words.
function cellOf(cell) {
  if (cell.classList.contains("ix-pic")) return undefined;
  if (cell.dataset.v) return { number: cell.dataset.v };
  if (cell.dataset.s) return { text: cell.dataset.s };
  const words = cell.cloneNode(true);
  for (const hidden of words.querySelectorAll(".visually-hidden, .ix-cov")) hidden.remove();
  return { text: words.textContent.replace(/\s+/g, " ").trim() };
}

// The cells of every line; a heading over several columns stands over the first, the others stay empty. A cell that
// goes on below is empty there.
function linesOf(table) {
  const below = new Map();
  return [...table.rows].map((row) => {
    const line = [];
    const goOn = () => {
      for (let left = below.get(line.length) ?? 0; left > 0; left = below.get(line.length) ?? 0) {
        below.set(line.length, left - 1);
        line.push({ text: "", head: true });
      }
    };
    for (const cell of row.cells) {
      const found = cellOf(cell);
      if (found === undefined) continue;
      goOn();
      for (let span = 0; span < cell.colSpan; span += 1) {
        if (cell.rowSpan > 1) below.set(line.length, cell.rowSpan - 1);
        line.push({ ...(span ? { text: "" } : found), head: cell.tagName === "TH" });
      }
    }
    goOn();
    return line;
  });
}

const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

// A text that a spreadsheet would take for a formula is kept from it.
const guarded = (text) => (/^[=+\-@]/.test(text) && !/^[+-]?\d/.test(text) ? `'${text}` : text);

// Plain text: no dots between thousands, a comma before decimals, as a Vietnamese spreadsheet reads it.
const plain = (cell) => (cell.number === undefined ? guarded(cell.text) : cell.number.replace(".", ","));

// HTML: the figure itself stands in attributes that spreadsheets read whatever the country of the computer.
function html(cell) {
  const tag = cell.head ? "th" : "td";
  if (cell.number === undefined) return `<${tag} style="mso-number-format:'\\@'">${escaped(guarded(cell.text))}</${tag}>`;
  const decimals = (cell.number.split(".")[1] ?? "").length;
  const shape = decimals ? `#\\,##0\\.${"0".repeat(Math.min(decimals, 4))}` : "#\\,##0";
  return `<${tag} x:num="${cell.number}" sdval="${cell.number}" sdnum="1033;" style="mso-number-format:'${shape}'">${plain(cell)}</${tag}>`;
}

export function copies(table) {
  const lines = linesOf(table);
  const title = [{ text: table.dataset.ixTitle ?? "" }];
  const band = table.dataset.ixSimulated ? [[{ text: "SỐ LIỆU MÔ PHỎNG – ví dụ, không phải số liệu thật" }]] : [];
  const all = [title, ...band, ...lines];
  const rows = all.map((line) => `<tr>${line.map(html).join("")}</tr>`).join("");
  return {
    "text/plain": all.map((line) => line.map(plain).join("\t")).join("\r\n"),
    "text/html": `<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="utf-8"></head><body><table>${rows}</table></body></html>`,
  };
}

// The event of copying takes the formats as they are, on any connection; the clipboard of the browser is the other way,
// for browsers that copy nothing where nothing is selected.
async function put(formats) {
  let taken = false;
  const copy = (event) => {
    for (const [type, text] of Object.entries(formats)) event.clipboardData.setData(type, text);
    event.preventDefault();
    taken = true;
  };
  document.addEventListener("copy", copy);
  document.execCommand("copy");
  document.removeEventListener("copy", copy);
  if (taken) return true;
  const blobs = Object.entries(formats).map(([type, text]) => [type, new Blob([text], { type })]);
  return navigator.clipboard?.write([new ClipboardItem(Object.fromEntries(blobs))]).then(() => true, () => false) ?? false;
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-ix-copy], [data-ix-link]");
  if (!button) return;
  const table = button.dataset.ixCopy && document.querySelector(button.dataset.ixCopy);
  const formats = table ? copies(table) : { "text/plain": button.dataset.ixLink };
  if (await put(formats)) say(button, table ? `Đã chép ${table.tBodies[0].rows.length} dòng` : "Đã chép liên kết");
  else say(button, table ? "Chưa chép được, hãy dùng XLSX" : "Chưa chép được, liên kết ở dưới bảng");
});
