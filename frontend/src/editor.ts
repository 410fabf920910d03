// The form of a card's editor, made of Home Assistant's own fields. Nothing in it has to be filled in.

import { BANK, type HomeAssistant } from "./ha.js";
import { type TextKey, Texts, textsOf } from "./i18n.js";

let texts = new Texts("en");

const LABELS: Record<string, TextKey> = {
  device: "editor_device",
  name: "editor_name",
  hide: "editor_hide",
  scale: "editor_scale",
};

export async function form(kind: string, blocks: readonly string[]): Promise<object> {
  const root = document.querySelector("home-assistant") as (Element & { hass?: HomeAssistant }) | null;
  if (root?.hass !== undefined) texts = await textsOf(root.hass);
  const model = kind === "bank" ? { manufacturer: BANK } : {};
  const schema: object[] = [];
  // All of them are neither chosen nor named.
  if (kind !== "packs") {
    schema.push(
      { name: "device", selector: { device: { filter: [{ integration: "smart_bms", ...model }] } } },
      { name: "name", selector: { text: {} } },
    );
  }
  if (blocks.length > 0) {
    const options = blocks.map((block) => ({ value: block, label: texts.text(`block_${block}` as TextKey) }));
    schema.push({ name: "hide", selector: { select: { multiple: true, mode: "list", options } } });
  }
  if (kind === "cells") {
    const options = ["limits", "difference"].map((value) => ({ value, label: texts.text(value as TextKey) }));
    schema.push({ name: "scale", selector: { select: { options } } });
  }
  return {
    schema,
    computeLabel: (field: { name: string }) => texts.text(LABELS[field.name] ?? "details"),
    computeHelper: (field: { name: string }) =>
      field.name === "device" ? texts.text("editor_device_help") : undefined,
  };
}
