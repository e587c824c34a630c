// What the phone itself says, in the language of the page (手机上的话): say`约 ${n} 米内`. What is not listed stays Chinese.
const ENGLISH = {
  "待发送": "Waiting",
  "发送中": "Sending",
  "已送达": "Delivered",
  "需修改": "Please correct",
  "待登录": "Sign in first",
  "上报": "Report",
  " · 照片 {} 张": " · {} photo(s)",
  "编号 ": "Number ",
  "，查询码 ": ", code ",
  "修改": "Correct",
  "立即发送": "Send now",
  "重新登录后自动发送": "Sent after you sign in again",
  "去登录": "Sign in",
  "删除": "Delete",
  "删除后不会发送，确定删除吗？": "It will not be sent. Delete it?",
  "还有 {} 条未送达": "{} not delivered yet",
  "本机已送达": "Delivered from this phone",
  "离线，可照常填写": "Offline; go on writing",
  "还有 {} 条没有发送。请联网发送或删除后再退出，以免丢失。": "{} not sent yet. Send or delete them before you leave.",
  "第 {} 张照片": "Photo {}",
  "删除第 {} 张照片": "Delete photo {}",
  "最多 {} 张照片。": "At most {} photos.",
  "“{}”打不开，请换一张或重新拍照。": "“{}” cannot be opened. Please choose another or take it again.",
  "没有定位权限，不影响上报：请在下面写明地点。": "No permission to read your position. You can still report: describe the place below.",
  "暂时定位不到，请到开阔处再试，或在下面写明地点。": "Position not found. Try again in the open, or describe the place below.",
  "定位时间过长，请再试一次，或在下面写明地点。": "This took too long. Try again, or describe the place below.",
  "约 {} 米内": "within about {} m",
  "约 {} 公里内": "within about {} km",
  "定位精度{}。": "Accuracy: {}. ",
  "位置不够准，请在下面写清地点。": "Not exact enough; please describe the place below.",
  "已取得位置": "Position read",
  "这部手机不能定位，请在下面写明地点。": "This phone cannot tell its position. Please describe the place below.",
  "正在定位…": "Reading your position…",
  "只在您点按时读取一次位置，不会持续定位。": "Your position is read once when you tap, and never followed.",
  "请在第 3 步选一项“什么事”。": "Please choose what it is about (step 3).",
  "请在第 2 步说明在哪里：点“用我的位置”，或写一句地点。": "Please say where (step 2): tap “Use my position”, or describe the place.",
  "附近 200 米内已有同类上报，是同一件事吗？": "Something like this was reported within 200 m. Is it the same?",
  "已保存，正在发送，结果见“本机记录”。": "Saved and being sent; see “On this phone”.",
  "已保存在本机，有网络后自动发送。": "Saved on this phone; sent as soon as you are online.",
  "手机存储空间不足，没有保存成功。请清理空间后再提交，内容仍在页面上。": "The phone is full and nothing was saved. Free some space and send again; your words are still here.",
  "已恢复上次没有提交的内容。": "What you had not sent was brought back.",
  "照片稍后再发": "Photos follow later",
  "照片未被接收：{}": "Photo refused: {}",
  "服务器忙，稍后自动再发": "The server is busy; sent again later",
  "内容未被接收，请检查后再提交。": "Not accepted. Please check and send again.",
  "标准": "Standard",
  "大字": "Larger",
};

const english = typeof document !== "undefined" && document.documentElement.lang === "en";

export function say(parts, ...values) {
  const told = english && ENGLISH[parts.join("{}")];
  const pieces = told ? told.split("{}") : parts;
  return pieces.map((piece, n) => piece + (n < values.length ? values[n] : "")).join("");
}
