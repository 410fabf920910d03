import { css, html, nothing, type TemplateResult } from "lit";
import { styleMap } from "lit/directives/style-map.js";
import type { Context } from "../context.js";
import { ampDigits } from "../format.js";
import type { Direction } from "../generated/messages.js";
import { clamp } from "../scale.js";
import { directionWord, reasonSentence } from "../sentences.js";
import { icon } from "./icon.js";

/** Share of a limit up to which a current is still at it. */
const OVER = 1.05;

/** What may flow, what flows, and what is taken away. */
export function directions(context: Context, explain = false): TemplateResult {
  return html`<div class="directions">
    ${direction(context, context.data.charge, "charge", explain)}
    ${direction(context, context.data.discharge, "discharge", explain)}
  </div>`;
}

function direction(context: Context, side: Direction, name: "charge" | "discharge", explain: boolean): TemplateResult {
  const { t, f, fresh } = context;
  const word = directionWord(side, t);
  const shut = side.allowed === false;
  const quiet = shut && side.reasons[0]?.code === "switched_off";
  // After a start a limit rises from 0 while the old current still flows: that is no tick, and needs a reason.
  const over = !shut && (side.limit ?? Number.POSITIVE_INFINITY) * OVER + 0.5 < (side.current ?? 0);
  const held = side.held_back || over;
  const state = side.allowed === null ? "unknown" : quiet ? "off" : shut ? "shut" : held ? "held" : "free";
  const path = {
    unknown: "mdi:information-outline",
    off: "mdi:cancel",
    shut: "mdi:cancel",
    held: "mdi:arrow-collapse-right",
    free: "mdi:check",
  }[state];
  const limit = side.limit;
  const flows =
    limit === null
      ? html`<b>${f.amps(side.current)}</b>`
      : html`<b>${f.number(side.current, ampDigits(side.current))}</b> <span class="muted">${t.text("of", { value: f.amps(limit) })}</span>`;
  return html`<div class="direction ${state}">
    <button class="row" @click=${() => context.more(`${name}_allowed`)}>
      <span class="what">${icon(path)}${t.text(name)}</span>
      <span>${word ? html`<b>${word}</b>` : flows}</span>
    </button>
    ${lines(side, name, state, fresh)}
    ${explain || (over && side.limited_by !== "") ? html`<div class="muted small">${explanation(context, side, state)}</div>` : nothing}
  </div>`;
}

function lines(side: Direction, name: string, state: string, fresh: boolean): TemplateResult | typeof nothing {
  const { limit, full_limit: full, current } = side;
  if (state === "unknown" || !fresh) return html`<div class="track empty" aria-hidden="true"></div>`;
  if (state === "shut" || state === "off") return html`<div class="track ${state}" aria-hidden="true"></div>`;
  const best = Math.max(full ?? 0, limit ?? 0);
  if (best <= 0 || limit === null) return nothing;
  const flow = clamp((current ?? 0) / best);
  const end = clamp(limit / best);
  return html`<div class="track" aria-hidden="true">
    <div class="flow-${name}" style=${styleMap({ "inset-inline": "0", transform: `scaleX(${flow})` })}></div>
    ${end < 0.995 ? html`<div class="taken" style=${styleMap({ "inset-inline": `${100 * end}% 0` })}></div>` : nothing}
  </div>`;
}

function explanation({ t, f }: Context, side: Direction, state: string): string {
  const [reason] = side.reasons;
  if ((state === "shut" || state === "off" || state === "unknown") && reason !== undefined)
    return reasonSentence(reason, t, f);
  if (side.limited_by === "") return t.text("nothing_held_back");
  return t.text("held_back", { cause: t.cause(side.limited_by) });
}

export const directionStyles = css`
  .directions {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 150px), 1fr));
    gap: 10px 20px;
  }
  .direction {
    display: grid;
    gap: 4px;
    align-content: start;
  }
  .direction .row {
    min-block-size: 24px;
    inline-size: 100%;
  }
  .what {
    display: inline-flex;
    align-items: baseline;
    gap: 6px;
  }
  .what .icon {
    align-self: center;
  }
  @container (max-width: 419px) {
    .direction button.row {
      display: grid;
      justify-content: start;
    }
  }
  .direction b {
    font-weight: 500;
  }
  .direction.held .icon {
    color: var(--hold);
  }
  .direction.shut .icon,
  .direction.shut b {
    color: var(--stop);
  }
  .direction .track > div {
    transform-origin: left;
  }
  :host([dir="rtl"]) .direction .track > div {
    transform-origin: right;
  }
  .flow-charge {
    background: var(--in);
  }
  .flow-discharge {
    background: var(--out);
  }
  .taken {
    background: var(--hatch);
    border-inline-start: 2px solid var(--edge);
  }
  .held .taken {
    background: var(--hatch-hold);
    border-inline-start-color: var(--hold);
  }
  .track.empty {
    background: none;
    box-shadow: inset 0 0 0 1px var(--edge);
  }
  .track.shut {
    background: var(--hatch-stop);
    box-shadow: inset 0 0 0 1px var(--stop);
  }
  .track.off {
    background: var(--hatch);
    box-shadow: inset 0 0 0 1px var(--edge);
  }
`;
