import { describe, expect, it } from "vitest";
import { suggestion } from "../src/suggest.js";
import { fakeHass, RESOURCES } from "./support.js";

function suggested(key: string | undefined, manufacturer = "Jikong", platform = "smart_bms") {
  const hass = fakeHass({
    entities: {
      "sensor.one": { platform, device_id: "device", ...(key === undefined ? {} : { translation_key: key }) },
    },
    devices: { device: { id: "device", name: "Garage", name_by_user: null, manufacturer } },
  });
  return suggestion(hass, "sensor.one")?.config.type;
}

describe("the card that is suggested", () => {
  it.each([
    ["soc", "smart-bms-card"],
    ["voltage", "smart-bms-card"],
    ["power", "smart-bms-card"],
    ["status", "smart-bms-card"],
    ["charge_switch", "smart-bms-card"],
    ["alarm_temperature_imbalance", "smart-bms-card"],
    ["cell_voltage", "smart-bms-cells-card"],
    ["cell_voltage_delta", "smart-bms-cells-card"],
    ["cell_balancing", "smart-bms-cells-card"],
    ["alarm_cell_imbalance", "smart-bms-cells-card"],
    ["alarm_cell_overvoltage", "smart-bms-cells-card"],
    ["nearest_protection", "smart-bms-protection-card"],
    ["time_to_protection", "smart-bms-protection-card"],
    ["protection_cell_overvoltage", "smart-bms-protection-card"],
    ["protection_cell_imbalance", "smart-bms-protection-card"],
    ["charge_allowed", "smart-bms-protection-card"],
    ["charge_current_limit", "smart-bms-protection-card"],
    ["disagreement", "smart-bms-protection-card"],
    ["cell_consistency", "smart-bms-health-card"],
    ["cell_internal_resistance", "smart-bms-health-card"],
    ["cell_resistance", "smart-bms-health-card"],
    ["imbalance_rest", "smart-bms-health-card"],
    ["learnt_capacity", "smart-bms-health-card"],
    ["equivalent_full_cycles", "smart-bms-health-card"],
    ["measured_efficiency", "smart-bms-health-card"],
    [undefined, "smart-bms-card"],
  ])("for %s is the %s", (key, wanted) => {
    expect(suggested(key)).toBe(`custom:${wanted}`);
  });

  it("is the bank's for whatever a bank has", () => {
    for (const key of ["soc", "counted_strings", "imbalance", "charge_current_limit", undefined])
      expect(suggested(key, "Smart BMS")).toBe("custom:smart-bms-bank-card");
  });

  it("is there for every entity of the integration", () => {
    const keys = Object.keys(RESOURCES).filter((path) => /\.entity\.\w+\.\w+\.name$/.test(path));
    expect(keys.length).toBeGreaterThan(200);
    for (const path of keys) expect(suggested(path.split(".").at(-2))).toMatch(/^custom:smart-bms-.*card$/);
  });

  it("is none for what is not ours, or has no device", () => {
    expect(suggested("soc", "Jikong", "other")).toBeUndefined();
    expect(suggestion(fakeHass(), "sensor.unknown")).toBeNull();
    const hass = fakeHass({ entities: { "sensor.one": { platform: "smart_bms", translation_key: "soc" } } });
    expect(suggestion(hass, "sensor.one")).toBeNull();
  });

  it("names the device", () => {
    const hass = fakeHass({ entities: { "sensor.one": { platform: "smart_bms", device_id: "device" } } });
    expect(suggestion(hass, "sensor.one")).toEqual({
      label: "Smart BMS",
      config: { type: "custom:smart-bms-card", device: "device" },
    });
  });
});
