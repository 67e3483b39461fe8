// A sweep as JSON, schema "smoothbound/sweep/1".

#include "shared/json.hpp"
#include "smoothbound/report/sweep/sweep.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound {
namespace {

using json::dump;
using json::Json;
using json::put;
using json::quantity;

Json bound(const Magnitude& value, const std::string* reason) {
  return quantity(value, value.is_infinite() && reason != nullptr ? *reason : std::string());
}

Json network(const SweepBounds& bounds) {
  return {{"m", bound(bounds.network.m, bounds.reasons[0])},
          {"lipschitz", bound(bounds.network.lipschitz, bounds.reasons[1])},
          {"smoothness", bound(bounds.network.smoothness, bounds.reasons[2])}};
}

// The results of one network at one point.
void add_results(Json& row, const SweepBounds& bounds, bool has_loss) {
  row["network"] = network(bounds);
  if (!has_loss) return;
  const std::string* reason = bounds.objective_reason;
  row["objective"] = {{"lipschitz", bound(bounds.objective_lipschitz, reason)},
                      {"smoothness", bound(bounds.objective_smoothness, reason)},
                      {"route", name_of(bounds.route)}};
  row["iterations"] = quantity(bounds.iterations, bounds.objective_smoothness.is_infinite()
                                                      ? "L_F is infinite: " + *reason
                                                      : std::string());
}

Json fixed_settings(const Report& report, const Sweep& sweep) {
  Json settings = json::settings(report);
  for (const SweepAxis& axis : sweep.axes) {
    settings.erase(std::string(name_of(axis.setting)));
    // It follows the input norm.
    if (axis.setting == SweepSetting::input_norm && report.settings.sample_norm_is_default) {
      settings.erase("sample_norm");
    }
  }
  return settings;
}

Json values_at(const Sweep& sweep, std::size_t point, bool with_crossing_axis) {
  Json values = Json::object();
  for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
    if (i == sweep.crossing_axis && !with_crossing_axis) continue;
    values[std::string(name_of(sweep.axes[i].setting))] = sweep.value(point, i).literal;
  }
  return values;
}

Json point_row(const Sweep& sweep, std::size_t point) {
  Json results = Json::array();
  for (std::size_t i = 0; i < sweep.methods.size(); ++i) {
    Json row{{"method", name_of(sweep.methods[i])}};
    add_results(row, sweep.at(point, i), sweep.base.settings.loss != nullptr);
    if (sweep.against) {
      Json other = Json::object();
      add_results(other, sweep.other_at(point, i), sweep.against->settings.loss != nullptr);
      row["against"] = std::move(other);
    }
    results.push_back(std::move(row));
  }
  return {{"values", values_at(sweep, point, true)}, {"results", std::move(results)}};
}

Json crossing_row(const Sweep& sweep, const CrossingList& list) {
  Json brackets = Json::array();
  for (const Crossing& crossing : list.crossings) {
    brackets.push_back({{"low", crossing.low.literal},
                        {"high", crossing.high.literal},
                        {"below", name_of(crossing.below)},
                        {"above", name_of(crossing.above)}});
  }
  return {{"method", name_of(sweep.methods[list.method])},
          {"bound", list.bound == &Triple::lipschitz ? "lipschitz" : "smoothness"},
          {"along", name_of(sweep.axes[sweep.crossing_axis].setting)},
          {"at", values_at(sweep, list.first_point, false)},
          {"at_lowest", name_of(list.at_lowest)},
          {"brackets", std::move(brackets)}};
}

}  // namespace

void write_sweep_json(const Sweep& sweep, const Sink& sink) {
  sink("{");
  put(sink, "schema", "smoothbound/sweep/1");
  sink(",\n ");
  put(sink, "version", version);
  sink(",\n ");
  put(sink, "architecture", json::architecture(sweep.base));
  sink(",\n ");
  put(sink, "settings", fixed_settings(sweep.base, sweep));
  if (sweep.against) {
    Json against{{"architecture", json::architecture(*sweep.against)},
                 {"settings", fixed_settings(*sweep.against, sweep)}};
    sink(",\n ");
    put(sink, "against", against);
  }
  Json swept = Json::array();
  for (const SweepAxis& axis : sweep.axes) swept.push_back(name_of(axis.setting));
  sink(",\n ");
  put(sink, "swept", swept);
  sink(",\n \"points\": [");
  for (std::size_t point = 0; point < sweep.point_count(); ++point) {
    sink(point == 0 ? "\n  " : ",\n  ");
    sink(dump(point_row(sweep, point)));
  }
  sink("],\n ");
  if (sweep.against) {
    sink("\"crossings\": [");
    for (std::size_t i = 0; i < sweep.crossings.size(); ++i) {
      sink(i == 0 ? "\n  " : ",\n  ");
      sink(dump(crossing_row(sweep, sweep.crossings[i])));
    }
    sink("],\n ");
  }
  put(sink, "assumptions", sweep.assumptions);
  sink("}\n");
}

}  // namespace smoothbound
