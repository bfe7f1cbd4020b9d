// Numbers as an office types them. The rules are those of core/vietnamese.py: dots group thousands, the comma is the
// decimal sign, "85.91" could mean two things and is refused. Exact: a value is a BigInt of its last decimal.

const PLAIN = /^\d+(,\d+)?$/;
const GROUPED = /^[1-9]\d{0,2}([. ])\d{3}(\1\d{3})*(,\d+)?$/;

export const NIL = "–0–";
export const NOT_APPLICABLE = "✕";

// text → {value: BigInt, scale}, null for a blank or a mark, undefined for something that is not a number.
export function parse(text) {
  const cleaned = text.trim().replace(/\s+/g, " ");
  if (cleaned === "" || cleaned === NIL || cleaned === NOT_APPLICABLE) return null;
  const negative = /^[-−]/.test(cleaned);
  const digits = negative ? cleaned.slice(1).trim() : cleaned;
  if (!PLAIN.test(digits) && !GROUPED.test(digits)) return undefined;
  const [whole, decimals = ""] = digits.replace(/[. ]/g, "").split(",");
  const value = BigInt(whole + decimals);
  return { value: negative ? -value : value, scale: decimals.length };
}

const raise = ({ value, scale }, to) => value * 10n ** BigInt(to - scale);

// Sum of parsed numbers, blanks skipped; null when there is none, undefined when one of them is not a number.
export function sum(numbers) {
  if (numbers.includes(undefined)) return undefined;
  const present = numbers.filter(Boolean);
  if (present.length === 0) return null;
  const scale = Math.max(...present.map((number) => number.scale));
  return { value: present.reduce((total, number) => total + raise(number, scale), 0n), scale };
}

// {1204, 0} → "1.204"; `least` decimals are shown, the unneeded zeros beyond them are not.
export function format({ value, scale }, least = 0) {
  let digits = (value < 0n ? -value : value).toString().padStart(scale + 1, "0");
  let decimals = scale ? digits.slice(-scale) : "";
  const whole = scale ? digits.slice(0, -scale) : digits;
  while (decimals.length > least && decimals.endsWith("0")) decimals = decimals.slice(0, -1);
  decimals = decimals.padEnd(least, "0");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ".");
  return `${value < 0n ? "−" : ""}${grouped}${decimals ? `,${decimals}` : ""}`;
}

// What is shown when the cell is left: "1204" → "1.204", "-" → "–0–", "x" → "✕"; anything unreadable stays as typed.
export function tidy(text, least = 0) {
  const cleaned = text.trim();
  if (/^[-–—−]$/.test(cleaned)) return NIL;
  if (/^[xX×]$/.test(cleaned)) return NOT_APPLICABLE;
  const number = parse(cleaned);
  return number ? format(number, least) : cleaned;
}
