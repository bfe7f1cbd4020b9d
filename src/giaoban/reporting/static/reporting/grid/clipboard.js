// Blocks of cells as text: tabs between cells, line ends between rows, quotes around what holds one of these.

export function blockOf(text) {
  const rows = [[""]];
  let at = 0;
  let isQuoted = false;
  const plain = text.replace(/\r\n?/g, "\n");
  const last = () => rows.at(-1);
  while (at < plain.length) {
    const sign = plain[at];
    if (isQuoted) {
      if (sign === '"' && plain[at + 1] === '"') last()[last().length - 1] += plain[at++];
      else if (sign === '"') isQuoted = false;
      else last()[last().length - 1] += sign;
    } else if (sign === '"' && last().at(-1) === "") isQuoted = true;
    else if (sign === "\t") last().push("");
    else if (sign === "\n") rows.push([""]);
    else last()[last().length - 1] += sign;
    at += 1;
  }
  // A quote that is never closed is a quote: read again without the rule.
  if (isQuoted) return plain.replace(/\n$/, "").split("\n").map((line) => line.split("\t"));
  if (rows.length > 1 && last().length === 1 && last()[0] === "") rows.pop();
  return rows;
}

export function textOf(rows) {
  const quoted = (text) => (/["\t\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => row.map((cell) => quoted(cell.text)).join("\t")).join("\n");
}

const oneLine = (text) => text.replace(/\s+/g, " ").trim();

// Where a block goes from its first cell on: {changes, outside, skipped}. One value fills the whole chosen range.
export function placed(block, selection) {
  const { box, active } = selection;
  const single = block.length === 1 && block[0].length === 1;
  const height = single ? box.bottom - box.top + 1 : block.length;
  const width = single ? box.right - box.left + 1 : Math.max(...block.map((row) => row.length));
  const changes = [];
  let outside = 0;
  let skipped = 0;
  for (let down = 0; down < height; down += 1) {
    for (let right = 0; right < width; right += 1) {
      const text = single ? block[0][0] : block[down][right];
      if (text === undefined) continue;
      const cell = active.table.at(box.top + down, box.left + right);
      if (!cell) outside += 1;
      else if (!cell.isTyped) skipped += text.trim() ? 1 : 0;
      else changes.push({ cell, from: cell.text, to: cell.tidy(oneLine(text)) });
    }
  }
  return { changes, outside, skipped };
}

// Ctrl + D and Ctrl + R: the first row (column) of the range goes into all others; of a single cell, the one before it.
export function filled(selection, down) {
  const { active, box } = selection;
  const isAlone = down ? box.top === box.bottom : box.left === box.right;
  const first = down ? box.top : box.left;
  const changes = [];
  for (const cell of selection.rows.flat()) {
    const place = { table: active.table, r: cell.r, c: cell.c };
    place[down ? "r" : "c"] = isAlone ? first : first + 1;
    const from = down ? selection.step(place, -1, 0) : selection.step(place, 0, -1);
    if (!from || from === cell || !cell.isTyped || cell.kind === "name") continue;
    changes.push({ cell, from: cell.text, to: cell.tidy(from.text) });
  }
  return changes;
}
