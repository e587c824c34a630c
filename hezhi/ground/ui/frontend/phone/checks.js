// What the phone can see by itself before anything is saved, with a line or without; the server looks again.
import { say } from "./words.js";

/** A number as the server compares it: half-width, without gaps, hyphens, brackets and the country in front. */
function plain(typed) {
  const close = typed.normalize("NFKC").replace(/[\s\-‐-―−()\u200b-\u200d\ufeff]/g, "");
  return close.replace(/^(?:\+|00)?86(?=1[3-9]\d{9}$)/, "").replace(/^(?:\+|00)86(?=1)/, "").replace(/^(?:\+|00)860?(?=\d)/, "0");
}

const MOBILE = /^1[3-9]\d{9}$/;
const LANDLINE = /^(0\d{9,11}|[2-8]\d{6,7})((转|EXT\.?|#|,)\d{1,6})?$/i; // taken by the server as well
function phoneFault(typed) {
  const number = plain(typed);
  if (MOBILE.test(number) || LANDLINE.test(number)) return "";
  if (/\D/.test(number)) return say`手机号只能是数字。`;
  return number.length === 11 ? say`手机号应以 13 至 19 开头，请核对。` : say`手机号应为 11 位数字，现在是 ${number.length} 位。`;
}

/** Field by field what is wrong: {name: sentence}, in the order of the form. */
export function check(form, values) {
  const faults = {};
  if (!(values.lng && values.lat) && !values.address) faults.address = say`请说明在哪里：点“用我的位置”，或写一句地点。`;
  // A citizen need not know our kinds: one sentence does as well, and the desk finds the kind.
  const wordsDo = "wordsDo" in form.dataset;
  if (!values.kind && !wordsDo) faults.kind = say`请选一项“什么事”。`;
  if (!values.kind && wordsDo && !values.text) faults.kind = say`请选一项“什么事”；拿不准就在第 4 步写一句。`;
  if (values.phone && phoneFault(values.phone)) faults.phone = phoneFault(values.phone);
  for (const field of form.querySelectorAll("[data-needed-when]")) {
    const [name, value] = field.dataset.neededWhen.split("=");
    if (values[name] === value && !values[field.name]) faults[field.name] = field.dataset.needed;
  }
  return faults;
}
