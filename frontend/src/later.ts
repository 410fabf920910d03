// What is loaded together when something beyond a pack's card is shown.

import "./cards/bank.js";
import "./cards/cells.js";
import "./cards/control.js";
import "./cards/energy.js";
import "./cards/health.js";
import "./cards/packs.js";
import "./cards/parameters.js";
import "./cards/protection.js";
import "./history.js";

export { form } from "./editor.js";
export { dashboard } from "./strategy.js";
