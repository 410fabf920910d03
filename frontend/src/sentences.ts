// A status in words: what the integration calls it, and its numbers in whole sentences.

import { DASH, type Formatter } from "./format.js";
import type { Direction, PackData, Reason, Status } from "./generated/messages.js";
import type { Texts } from "./i18n.js";

export interface Words {
  title: string;
  detail: string;
}

const CONNECTION_RANKS = new Set([1, 2]);

export function statusWords(
  status: Status,
  data: { connection?: PackData["connection"] },
  t: Texts,
  f: Formatter,
): Words {
  let title = t.status(status.code);
  if (status.current_limit !== null) title = t.text("title_with", { title, value: f.amps(status.current_limit) });
  if (status.pack !== "") title = t.text("title_of", { pack: status.pack, title });
  const sentences: string[] = [];
  if (CONNECTION_RANKS.has(status.rank)) {
    if (status.since !== null && status.since >= 1)
      title = t.text("title_with", { title, value: t.time(status.since) });
    const hints = data.connection?.hints ?? [];
    sentences.push(...hints.slice(0, 2).map((hint) => t.sentence(`hint_${hint}`)));
    return { title, detail: t.join(sentences) };
  }
  const value = f.value(status.value, status.unit);
  const limit = f.value(status.limit, status.unit);
  if (status.value !== null && status.limit !== null) {
    if (status.cell !== null) sentences.push(t.text("cell_at", { cell: status.cell, value, limit }));
    else if (status.probe !== null)
      sentences.push(t.text("probe_at", { probe: capital(t.probe(status.probe)), value, limit }));
    else sentences.push(t.text("value_at", { value, limit }));
  }
  if (status.release !== null && status.rank <= 5) {
    sentences.push(t.text("released_at", { value: f.value(status.release, status.unit) }));
  }
  if (status.seconds !== null && status.seconds > 0)
    sentences.push(t.text("time_left", { time: t.time(status.seconds) }));
  if (sentences.length === 0 && status.about !== "" && status.about !== status.code)
    sentences.push(t.text("about", { about: names(status.about, t) }));
  return { title, detail: t.join(sentences) };
}

export function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** The integration sends a list of keys as one text. */
function names(about: string, t: Texts): string {
  return about
    .split(", ")
    .map((item) => t.name(item))
    .join(", ");
}

export function reasonSentence(reason: Reason, t: Texts, f: Formatter): string {
  const numbers = reason.numbers;
  const unit = typeof numbers.unit === "string" ? numbers.unit : "";
  const values: Record<string, string> = {
    about: names(reason.about, t),
    unit,
  };
  for (const key of ["value", "limit", "release", "seconds", "charge", "discharge"]) {
    const found = numbers[key];
    values[key] = typeof found === "number" ? f.number(found, decimals(found)) : DASH;
  }
  return t.sentence(`reason_${reason.code}`, values);
}

function decimals(value: number): number {
  return Math.min(3, (String(value).split(".")[1] ?? "").length);
}

/** Why nothing may flow in a direction, in short: what stands behind its name. */
export function directionWord(direction: Direction, t: Texts): string {
  if (direction.allowed === null) return t.text("not_known");
  if (direction.allowed) return "";
  if (direction.reasons.some((reason) => reason.code === "tripped")) return t.text("cut_off");
  return direction.reasons[0]?.code === "switched_off" ? t.text("switched_off") : t.text("not_allowed");
}
