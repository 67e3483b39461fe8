// A sweep for machines: CSV and JSON.

#include "sweep/parts.hpp"

namespace smoothbound {
namespace {

using json::Quantity;

class CsvRows {
 public:
  CsvRows(const Sweep& sweep, const Sink& sink) : sweep_(sweep), csv_(sink, columns_of(sweep)) {}

  void write() {
    for (std::size_t point = 0; point < sweep_.point_count(); ++point) {
      for (std::size_t i = 0; i < sweep_.methods.size(); ++i) write_point(point, i);
    }
    for (const CrossingList& list : sweep_.crossings) {
      for (const Crossing& crossing : list.crossings) write_crossing(list, crossing);
    }
    for (const std::string& line : sweep_.assumptions) {
      begin("", "assumption").skip_to("note").add(line).end_row();
    }
  }

 private:
  static std::vector<std::string> columns_of(const Sweep& sweep) {
    std::vector<std::string> columns{"file", "architecture", "against", "method", "record"};
    for (const SweepAxis& axis : sweep.axes) columns.emplace_back(name_of(axis.setting));
    for (const char* name :
         {"m", "lipschitz", "smoothness", "objective_lipschitz", "objective_smoothness",
          "iterations", "against_m", "against_lipschitz", "against_smoothness"}) {
      add_with_log(columns, name);
    }
    for (const char* name : {"bound", "low", "high", "below", "above", "note"}) {
      columns.emplace_back(name);
    }
    return columns;
  }

  CsvWriter& begin(std::string_view method, std::string_view record) {
    return csv_.add(sweep_.base.file, sweep_.base.graph.name,
                    sweep_.against ? sweep_.against->graph.name : "", method, record);
  }

  void write_point(std::size_t point, std::size_t method) {
    const SweepBounds& bounds = sweep_.at(point, method);
    begin(name_of(sweep_.methods[method]), "point");
    for (std::size_t i = 0; i < sweep_.axes.size(); ++i) csv_.add(sweep_.value(point, i).literal);
    add(bounds.network);
    if (sweep_.base.settings.loss != nullptr) {
      csv_.add_with_log(bounds.objective_lipschitz);
      csv_.add_with_log(bounds.objective_smoothness);
      csv_.add_with_log(bounds.iterations);
    }
    if (sweep_.against) {
      csv_.skip_to("against_m");
      add(sweep_.other_at(point, method).network);
    }
    csv_.end_row();
  }

  void add(const Triple& triple) {
    csv_.add_with_log(triple.m).add_with_log(triple.lipschitz).add_with_log(triple.smoothness);
  }

  void write_crossing(const CrossingList& list, const Crossing& crossing) {
    begin(name_of(sweep_.methods[list.method]), "crossing");
    for (std::size_t i = 0; i < sweep_.axes.size(); ++i) {
      csv_.add(i == sweep_.crossing_axis ? "" : sweep_.value(list.first_point, i).literal);
    }
    csv_.skip_to("bound");
    csv_.add(list.bound == &Triple::lipschitz ? "lipschitz" : "smoothness", crossing.low.literal,
             crossing.high.literal, name_of(crossing.below), name_of(crossing.above));
    csv_.end_row();
  }

  const Sweep& sweep_;
  CsvWriter csv_;
};

Quantity bound(const Magnitude& value, const std::string* reason) {
  return json::quantity(value, value.is_infinite() && reason != nullptr ? *reason : std::string());
}

// The results of one network at one point: members of an object.
void put_results(JsonWriter& json, const SweepBounds& bounds, bool has_loss) {
  json.object("network", [&] {
    json.member("m", bound(bounds.network.m, bounds.reasons[0]));
    json.member("lipschitz", bound(bounds.network.lipschitz, bounds.reasons[1]));
    json.member("smoothness", bound(bounds.network.smoothness, bounds.reasons[2]));
  });
  if (!has_loss) return;
  const std::string* reason = bounds.objective_reason;
  json.object("objective", [&] {
    json.member("lipschitz", bound(bounds.objective_lipschitz, reason));
    json.member("smoothness", bound(bounds.objective_smoothness, reason));
    json.member("route", name_of(bounds.route));
  });
  const bool is_infinite = bounds.objective_smoothness.is_infinite();
  json.member("iterations",
              json::quantity(bounds.iterations, is_infinite ? "L_F is infinite: " + *reason : ""));
}

void put_settings(JsonWriter& json, const Report& report, const Sweep& sweep) {
  std::vector<std::string_view> left_out;
  for (const SweepAxis& axis : sweep.axes) {
    left_out.push_back(name_of(axis.setting));
    // It follows the input norm.
    if (axis.setting == SweepSetting::input_norm && report.settings.sample_norm_is_default) {
      left_out.emplace_back("sample_norm");
    }
  }
  json.object("settings", [&] { json::settings(json, report, left_out); });
}

void put_values(JsonWriter& json, std::string_view key, const Sweep& sweep, std::size_t point,
                bool with_crossing_axis) {
  json.object(key, [&] {
    for (std::size_t i = 0; i < sweep.axes.size(); ++i) {
      if (i == sweep.crossing_axis && !with_crossing_axis) continue;
      json.member(name_of(sweep.axes[i].setting), sweep.value(point, i).literal);
    }
  });
}

void put_point(JsonWriter& json, const Sweep& sweep, std::size_t point) {
  json.object([&] {
    put_values(json, "values", sweep, point, true);
    json.list("results", sweep.methods.size(), [&](std::size_t i) {
      json.object([&] {
        json.member("method", name_of(sweep.methods[i]));
        put_results(json, sweep.at(point, i), sweep.base.settings.loss != nullptr);
        if (!sweep.against) return;
        json.object("against", [&] {
          put_results(json, sweep.other_at(point, i), sweep.against->settings.loss != nullptr);
        });
      });
    });
  });
}

void put_crossings(JsonWriter& json, const Sweep& sweep, const CrossingList& list) {
  json.object([&] {
    json.member("method", name_of(sweep.methods[list.method]));
    json.member("bound", list.bound == &Triple::lipschitz ? "lipschitz" : "smoothness");
    json.member("along", name_of(sweep.axes[sweep.crossing_axis].setting));
    put_values(json, "at", sweep, list.first_point, false);
    json.member("at_lowest", name_of(list.at_lowest));
    json.list("brackets", list.crossings, [&](const Crossing& crossing) {
      json.object({{"low", crossing.low.literal},
                   {"high", crossing.high.literal},
                   {"below", name_of(crossing.below)},
                   {"above", name_of(crossing.above)}});
    });
  });
}

}  // namespace

void write_sweep_csv(const Sweep& sweep, const Sink& sink) { CsvRows(sweep, sink).write(); }

void write_sweep_json(const Sweep& sweep, JsonWriter& json) {
  json::head(json, "smoothbound/sweep/1");
  json::architecture(json, sweep.base);
  put_settings(json, sweep.base, sweep);
  if (sweep.against) {
    json.object("against", [&] {
      json::architecture(json, *sweep.against);
      put_settings(json, *sweep.against, sweep);
    });
  }
  json.list("swept", sweep.axes, [](const SweepAxis& axis) { return name_of(axis.setting); });
  json.list_on_lines(2, "points", sweep.point_count(),
                     [&](std::size_t point) { put_point(json, sweep, point); });
  if (sweep.against) {
    json.list_on_lines(2, "crossings", sweep.crossings,
                       [&](const CrossingList& list) { put_crossings(json, sweep, list); });
  }
  json.member("assumptions", sweep.assumptions);
}

}  // namespace smoothbound
