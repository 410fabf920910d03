import { html, type TemplateResult } from "lit";

/** An icon of Home Assistant, for the eye only: a word stands beside it. */
export function icon(name: string): TemplateResult {
  return html`<ha-icon class="icon" icon=${name} aria-hidden="true"></ha-icon>`;
}
