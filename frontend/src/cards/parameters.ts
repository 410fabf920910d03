// The parameters of a pack, and what was written to it. For administrators: others may not read a pack's settings.

import { css, html, nothing, type TemplateResult } from "lit";
import { BatteryCard, type Kind } from "../base.js";
import { head, headStyles } from "../blocks/head.js";
import type { Context, PackContext } from "../context.js";
import { define } from "../define.js";
import type { WriteLogRecord } from "../generated/messages.js";

const EVERY = 60_000; // ms

interface Parameter {
  value: string | number | boolean | null;
  unit?: string;
}

abstract class LoadedCard<Loaded> extends BatteryCard {
  static override kinds: Kind[] = ["pack"];
  protected loaded: Loaded | undefined;
  protected error = "";
  private loadedAt = Number.NEGATIVE_INFINITY;
  private loadedOf = "";

  protected abstract load(context: PackContext): Promise<Loaded>;
  protected abstract content(loaded: Loaded, context: PackContext): TemplateResult;
  protected abstract heading(context: PackContext): string;

  protected card(context: Context): TemplateResult {
    const pack = context as PackContext;
    const due = performance.now() - this.loadedAt > EVERY || this.loadedOf !== pack.info.entry_id;
    if (pack.rights.write && due) {
      this.loadedAt = performance.now();
      this.loadedOf = pack.info.entry_id;
      this.load(pack)
        .then((loaded) => {
          this.loaded = loaded;
          this.error = "";
        })
        .catch((error: { message?: string }) => {
          this.error = error?.message ?? "";
        })
        .finally(() => this.requestUpdate());
    }
    const { t } = pack;
    return html`<div class="content">
      ${head(context, this.heading(pack), pack.info.name)}
      ${
        !pack.rights.write
          ? html`<div class="muted">${t.text("control_not_admin")}</div>`
          : this.error
            ? html`<div class="muted">${this.error}</div>`
            : this.loaded === undefined
              ? html`<div class="muted">${t.text("waiting")}</div>`
              : this.content(this.loaded, pack)
      }
    </div>`;
  }

  static override styles = [
    ...BatteryCard.styles,
    headStyles,
    css`
      table {
        border-collapse: collapse;
        inline-size: 100%;
        font-size: 13px;
      }
      td,
      th {
        padding-block: 6px;
        border-block-end: 1px solid var(--line);
        text-align: end;
        vertical-align: top;
      }
      :is(td, th):first-child {
        text-align: start;
        overflow-wrap: anywhere;
      }
      th {
        font-weight: 400;
        color: var(--ink2);
      }
    `,
  ];
}

export class ParametersCard extends LoadedCard<Record<string, Parameter>> {
  protected override about = "parameters" as const;
  protected async load(context: PackContext): Promise<Record<string, Parameter>> {
    const data = { device_id: [context.info.device_id] };
    const answer = await this.hass.callService("smart_bms", "get_parameters", data, undefined, false, true);
    const [pack] = (answer.response as { packs: { parameters?: Record<string, Parameter>; error?: string }[] }).packs;
    if (pack?.error !== undefined) throw new Error(pack.error);
    return pack?.parameters ?? {};
  }

  protected heading({ t }: PackContext): string {
    return t.text("parameters");
  }

  protected content(parameters: Record<string, Parameter>, context: PackContext): TemplateResult {
    const { t } = context;
    return html`<table><tbody>${Object.entries(parameters)
      .filter(([, item]) => item.value !== null && typeof item.value !== "object")
      .sort(([one], [other]) => t.name(one).localeCompare(t.name(other)))
      .map(
        ([key, item]) =>
          html`<tr><td>${t.name(key)}</td><td>${shown(option(key, item.value, t), item.unit, context)}</td></tr>`,
      )}</tbody></table>`;
  }
}

export class LogCard extends LoadedCard<WriteLogRecord[]> {
  protected override about = "write_log" as const;
  protected async load(context: PackContext): Promise<WriteLogRecord[]> {
    const answer = await this.hass.callWS<{ records: WriteLogRecord[] }>({
      type: "smart_bms/write_log",
      entry_id: context.info.entry_id,
    });
    return answer.records;
  }

  protected heading({ t }: PackContext): string {
    return t.text("write_log");
  }

  /** What was written: a parameter of the pack, or an entity of the equipment that follows it. */
  private written(record: WriteLogRecord, { t }: PackContext): string {
    if (!record.parameter.includes(".")) return t.name(record.parameter);
    const name: unknown = this.hass.states[record.parameter]?.attributes.friendly_name;
    return typeof name === "string" ? name : record.parameter;
  }

  protected content(records: WriteLogRecord[], context: PackContext): TemplateResult {
    const { t, f } = context;
    if (records.length === 0) return html`<div class="muted">${t.text("nothing_written")}</div>`;
    return html`<table><thead><tr><th>${t.text("what")}</th><th>${t.text("old_new")}</th><th>${t.text("when_who")}</th></tr></thead>
      <tbody>${records.map((record) => {
        const at = new Date(record.at);
        const outcome =
          record.outcome === "confirmed"
            ? nothing
            : html`<div class="muted">${t.text(`outcome_${record.outcome}` as "outcome_refused")}</div>`;
        return html`<tr><td>${this.written(record, context)}${outcome}</td>
          <td>${shown(record.old, undefined, context)} → ${shown(record.new ?? record.found, undefined, context)}</td>
          <td>${f.day(at)} ${f.clock(at)}<div class="muted">${record.user ?? ""}</div></td></tr>`;
      })}</tbody></table>`;
  }
}

/** An option of a select has a name. */
function option(key: string, value: Parameter["value"], t: PackContext["t"]): Parameter["value"] {
  return typeof value === "string" ? t.of(`entity.select.${key}.state.${value}`) || value : value;
}

function shown(value: unknown, unit: string | undefined, { t, f }: PackContext): string {
  if (typeof value === "boolean") return t.text(value ? "on" : "off");
  if (typeof value === "number") {
    const digits = Math.min(3, (String(value).split(".")[1] ?? "").length);
    return unit ? f.unit(value, digits, unit) : f.number(value, digits);
  }
  return value === null || value === undefined ? "–" : String(value);
}

define("smart-bms-parameters-card-body", ParametersCard);
define("smart-bms-log-card-body", LogCard);
