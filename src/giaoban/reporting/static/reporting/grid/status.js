// ● đã lưu 09:14 / đang lưu / mất mạng, còn n ô chưa gửi: one line, spoken when it changes in kind.

function words(autosave) {
  const { state, unsent, saved, conflicts, refused, sentence, store } = autosave;
  const cells = `${unsent} ô chưa gửi`;
  const kept = unsent ? `; ${cells}, được giữ ở máy này` : "";
  if (state === "sent") return ["stop", `${sentence} Ở đây không lưu được nữa${kept}.`];
  if (state === "signed-out") return ["stop", `Phiên làm việc đã hết: đăng nhập rồi mở lại trang${kept}.`];
  if (state === "refused") return ["stop", `${sentence}${kept ? ` Còn ${cells}, được giữ ở máy này.` : ""}`];
  if (state === "offline") {
    const rest = unsent ? `, còn ${cells}` : "";
    const warning = store.works ? "" : "; trình duyệt này không giữ được, đừng đóng trang";
    return ["offline", `mất mạng${rest}${warning}`];
  }
  if (conflicts.size) return ["conflict", `${conflicts.size} ô hai người cùng sửa, hãy chọn`];
  if (refused.size) return ["conflict", `${refused.size} ô chưa lưu được`];
  if (unsent || state === "saving") return ["saving", "đang lưu"];
  return saved ? ["saved", `đã lưu ${saved}`] : ["empty", "chưa nhập gì"];
}

export function showStatus(place, autosave) {
  const [kind, text] = words(autosave);
  if (place.textContent === text && place.dataset.state === kind) return;
  place.dataset.state = kind;
  place.textContent = text;
  if (kind === "stop" && !place.querySelector("a")) {
    const link = Object.assign(document.createElement("a"), { href: location.pathname, textContent: "Tải lại trang" });
    place.append(" ", link);
  }
}
