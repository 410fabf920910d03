// Switches of a pack. They are asked for, held, and proven by the pack; a tap changes nothing.

import { css, html, nothing, type TemplateResult } from "lit";
import { BatteryCard, type Kind } from "../base.js";
import { head, headStyles } from "../blocks/head.js";
import { icon } from "../blocks/icon.js";
import { statusStyles } from "../blocks/status.js";
import type { Context, PackContext } from "../context.js";
import { define } from "../define.js";
import type { TextKey } from "../i18n.js";
import "../hold.js";

const SWITCHES = ["charge_switch", "discharge_switch", "balance_switch"] as const;
const WHILE_OFF = {
  charge_switch: "off_charge_switch",
  discharge_switch: "off_discharge_switch",
  balance_switch: "off_balance_switch",
} as const;
const SHOWN_FOR = 30_000; // ms

interface Issue {
  severity: string;
  code: string;
  message: string;
}

interface PackAnswer {
  possible?: boolean;
  findings?: Issue[];
  error?: string;
  results?: { parameter: string; outcome: string; found: unknown }[];
}

type Step =
  | { step: "asking"; on: boolean; issues: Issue[]; possible: boolean; sure: boolean }
  | { step: "pending"; on: boolean }
  | { step: "result"; level: "well" | "hold" | "stop"; title: string; detail: string };

export class ControlCard extends BatteryCard {
  protected override about = "controls" as const;
  static override kinds: Kind[] = ["pack"];
  private readonly steps = new Map<string, Step>();

  protected card(context: Context): TemplateResult {
    const pack = context as PackContext;
    const { t, info } = pack;
    const shown = SWITCHES.filter((key) => info.entities[`parameter_${key}`] !== undefined);
    return html`<div class="content">
      ${head(context, t.text("controls"), info.name)}
      ${shown.length === 0 ? html`<div class="muted">${t.text(pack.rights.control ? "control_none" : "control_off")}</div>` : shown.map((key) => this.row(key, pack))}
    </div>`;
  }

  private row(key: string, context: PackContext): TemplateResult {
    const { t, info, fresh, rights } = context;
    const entity = this.hass.states[info.entities[`parameter_${key}`] ?? ""];
    const on = entity?.state === "on" ? true : entity?.state === "off" ? false : null;
    const step = this.steps.get(key);
    const why = !rights.write
      ? "control_not_admin"
      : !rights.control
        ? "control_off"
        : !fresh
          ? "control_stale"
          : on === null
            ? "control_not_known"
            : null;
    const state = on === null ? t.text("not_known") : t.text(on ? "on" : "off");
    const action = t.text(on ? "turn_off" : "turn_on");
    const busy = step?.step === "pending" || step?.step === "asking";
    return html`<section class="switch" data-key=${key} aria-label=${t.of(`entity.switch.${key}.name`)}>
      <div class="row">
        <div><div class="title">${t.of(`entity.switch.${key}.name`)}</div><div class="small muted">${state}</div></div>
        ${
          busy
            ? nothing
            : html`<button class="button" aria-disabled=${why !== null} aria-describedby=${`why-${key}`}
              @click=${() => why === null && this.ask(key, !on, context)}>${why === null ? nothing : icon("mdi:lock-outline")} ${t.text("ask", { action })}</button>`
        }
      </div>
      ${why === null || busy ? nothing : html`<div id=${`why-${key}`} class="small muted">${t.text(why as TextKey)}</div>`}
      ${step === undefined ? nothing : this.step(key, step, context)}
    </section>`;
  }

  private step(key: string, step: Step, context: PackContext): TemplateResult {
    const { t, f, data } = context;
    if (step.step === "pending")
      return html`<div class="strip info" role="status">${icon("mdi:progress-clock")}<div>${t.text("pending")}</div></div>`;
    if (step.step === "result") {
      const path = { well: "mdi:check", hold: "mdi:information-outline", stop: "mdi:cancel" }[step.level];
      return html`<div class="strip ${step.level}" role=${step.level === "stop" ? "alert" : "status"}>${icon(path)}
        <div><div class="title">${step.title}</div>${step.detail ? html`<div class="detail">${step.detail}</div>` : nothing}</div></div>`;
    }
    const flows = { charge_switch: data.charge.current, discharge_switch: data.discharge.current }[key] ?? null;
    const name = t.of(`entity.switch.${key}.name`);
    const action = t.text(step.on ? "turn_on" : "turn_off");
    return html`<div class="ask" role="alertdialog" aria-label=${`${name}: ${action}`} @keydown=${(event: KeyboardEvent) => event.key === "Escape" && this.cancel(key)}>
      <div class="title">${name}: ${action}?</div>
      ${!step.on && flows !== null && flows >= 0.1 ? html`<div>${t.text("switch_off_consequence", { current: f.amps(flows) })}</div>` : nothing}
      ${step.on ? nothing : html`<div>${t.text(WHILE_OFF[key as keyof typeof WHILE_OFF])}</div>`}
      ${step.issues.map((issue) => html`<div>${issue.message}</div>`)}
      <div class="buttons">
        <button class="button keep" @click=${() => this.cancel(key)}>${t.text("cancel")}</button>
        ${
          step.possible
            ? html`<smart-bms-hold label=${action} holding=${t.text("hold", { time: "" }).trim()} again=${t.text("arm_again")} @confirmed=${() => this.write(key, step, context)}></smart-bms-hold>`
            : nothing
        }
      </div>
    </div>`;
  }

  private set(key: string, step: Step | undefined): void {
    if (step === undefined) this.steps.delete(key);
    else this.steps.set(key, step);
    this.requestUpdate();
  }

  private cancel(key: string): void {
    this.set(key, undefined);
    this.focusOn(key, ".button");
  }

  /** Nobody who uses a keyboard loses their place when what they were on goes away. */
  private focusOn(key: string, what: string): void {
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>(`[data-key="${key}"] ${what}`)?.focus(),
    );
  }

  private async call(context: PackContext, key: string, on: boolean, flags: object): Promise<PackAnswer> {
    const data = { device_id: [context.info.device_id], parameters: { [key]: on }, ...flags };
    const answer = await this.hass.callService("smart_bms", "set_parameters", data, undefined, false, true);
    return (answer.response as { packs: PackAnswer[] }).packs[0] ?? {};
  }

  /** Ask what would happen, without doing it. */
  private async ask(key: string, on: boolean, context: PackContext): Promise<void> {
    try {
      let answer = await this.call(context, key, on, { dry_run: true });
      let sure = false;
      if (answer.possible === false || answer.error !== undefined) {
        // What only wants to be confirmed is confirmed by holding the button.
        const confirmed = await this.call(context, key, on, { dry_run: true, confirm: true });
        if (confirmed.possible) {
          confirmed.findings = answer.findings ?? [];
          answer = confirmed;
          sure = true;
        }
      }
      const issues =
        answer.findings ?? (answer.error === undefined ? [] : [{ severity: "error", code: "", message: answer.error }]);
      this.set(key, { step: "asking", on, issues, possible: answer.possible === true, sure });
      this.focusOn(key, ".keep");
    } catch (error) {
      this.failed(key, error, context);
    }
  }

  private async write(key: string, asked: { on: boolean; sure: boolean }, context: PackContext): Promise<void> {
    const { t, f } = context;
    this.set(key, { step: "pending", on: asked.on });
    try {
      const answer = await this.call(context, key, asked.on, asked.sure ? { confirm: true } : {});
      const outcome = answer.results?.[0]?.outcome ?? (answer.error === undefined ? "confirmed" : "error");
      if (outcome === "confirmed") {
        this.show(key, {
          step: "result",
          level: "well",
          title: t.text("confirmed", { time: f.clock(new Date(), true) }),
          detail: "",
        });
      } else {
        const title = outcome === "unknown" ? t.text("not_proven") : t.text("refused");
        this.show(key, {
          step: "result",
          level: outcome === "unknown" ? "hold" : "stop",
          title,
          detail: answer.error ?? "",
        });
      }
    } catch (error) {
      this.failed(key, error, context);
    }
  }

  private failed(key: string, error: unknown, { t }: PackContext): void {
    const detail = (error as { message?: string })?.message ?? "";
    this.show(key, { step: "result", level: "stop", title: t.text("refused"), detail });
  }

  private show(key: string, step: Step): void {
    this.set(key, step);
    setTimeout(() => {
      if (this.steps.get(key) === step) this.set(key, undefined);
    }, SHOWN_FOR);
  }

  static override styles = [
    ...BatteryCard.styles,
    headStyles,
    statusStyles,
    css`
      .switch {
        display: grid;
        gap: 8px;
        padding-block-end: 12px;
        border-block-end: 1px solid var(--line);
      }
      .switch:last-child {
        border: 0;
        padding: 0;
      }
      .switch .row {
        align-items: center;
      }
      .title {
        font-weight: 500;
      }
      .ask {
        display: grid;
        gap: 8px;
        padding: 12px;
        border-radius: 10px;
        background: var(--soft);
      }
      .buttons {
        display: flex;
        flex-wrap: wrap;
        gap: 8px;
      }
      .buttons smart-bms-hold {
        flex: 1;
        min-inline-size: 150px;
      }
    `,
  ];
}

define("smart-bms-control-card-body", ControlCard);
