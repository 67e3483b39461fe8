#include "smoothbound/report/check/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "shared/text.hpp"
#include "smoothbound/text/digest.hpp"
#include "smoothbound/version.hpp"

namespace smoothbound {
namespace {

constexpr std::array bounds_numbers{
    GuardedNumber{"m", "m", WorseIf::larger},
    GuardedNumber{"lipschitz", "l", WorseIf::larger},
    GuardedNumber{"smoothness", "L", WorseIf::larger},
};
constexpr std::array objective_numbers{
    GuardedNumber{"lipschitz", "l_F", WorseIf::larger},
    GuardedNumber{"smoothness", "L_F", WorseIf::larger},
};
constexpr std::array estimate_numbers{
    GuardedNumber{"step_size", "step size", WorseIf::smaller},
    GuardedNumber{"order", "order", WorseIf::larger},
    GuardedNumber{"iterations", "iterations", WorseIf::neighbour_is},
};

template <Rounding d>
std::string number(const Bound<d>& value) {
  return value.to_text(text::digits_for_machines);
}

BaselineRow bounds_row(RowKind kind, const std::string& name, const Triple& bounds) {
  return {kind, name, {number(bounds.m), number(bounds.lipschitz), number(bounds.smoothness)}};
}

BaselineRow estimate_row(RowKind kind, const Estimate& estimate) {
  return {
      kind, "", {number(estimate.step_size), number(estimate.order), number(estimate.iterations)}};
}

NamedTexts settings_of(const ResolvedSettings& settings) {
  NamedTexts texts{{"batch", std::to_string(settings.batch)},
                   {"radius", text::setting(settings.radius)},
                   {"input_norm", text::setting(settings.input_norm)},
                   {"sample_norm", text::setting(settings.sample_norm)}};
  if (settings.loss == nullptr) return texts;
  texts.emplace_back("loss", settings.loss->name);
  if (settings.loss->setting == label_radius_setting) {
    texts.emplace_back("label_radius", text::setting(settings.label_radius));
  }
  texts.emplace_back("regularizer", text::setting(settings.regularizer));
  texts.emplace_back("accuracy", text::setting(settings.accuracy));
  texts.emplace_back("initial_gap", text::setting(settings.initial_gap));
  texts.emplace_back("variance", text::setting(settings.variance));
  return texts;
}

// JSON text in ASCII.
std::string quote(std::string_view text) { return nlohmann::json(text).dump(-1, ' ', true); }

void append(std::string& json, std::string_view key, std::string_view value) {
  json += fmt::format("{}: {}", quote(key), quote(value));
}

std::string object_of(const NamedTexts& texts) {
  std::string json = "{";
  for (const auto& [name, value] : texts) {
    if (json.size() > 1) json += ", ";
    append(json, name, value);
  }
  return json + "}";
}

std::string object_of(const BaselineRow& row) {
  NamedTexts texts;
  if (row.kind == RowKind::layer) texts.emplace_back("name", row.name);
  const auto numbers = numbers_of(row.kind);
  for (std::size_t i = 0; i < numbers.size(); ++i) texts.emplace_back(numbers[i].key, row.texts[i]);
  return object_of(texts);
}

std::string object_of(const BaselineResult& result) {
  std::string json =
      fmt::format("   {{\"method\": {},\n    \"layers\": [", quote(name_of(result.method)));
  bool in_layers = true;
  bool first = true;
  for (const BaselineRow& row : result.rows) {
    if (in_layers && row.kind != RowKind::layer) {
      json += "]";
      in_layers = false;
    }
    if (in_layers) {
      json += first ? "\n     " : ",\n     ";
    } else {
      json += fmt::format(",\n    {}: ", quote(key_of(row.kind)));
    }
    first = false;
    json += object_of(row);
  }
  return json + "}";
}

// Without the checksum and the closing brace.
std::string content_of(const BaselineEntry& entry) {
  std::string json = " {";
  append(json, "file", entry.file);
  json += ",\n  ";
  append(json, "name", entry.name);
  json += ",\n  ";
  append(json, "meaning", entry.meaning.all);
  json += ",\n  ";
  append(json, "structure", entry.meaning.structure);
  json += ",\n  \"settings\": " + object_of(entry.settings) + ",\n  \"results\": [";
  for (std::size_t i = 0; i < entry.results.size(); ++i) {
    json += (i == 0 ? "\n" : ",\n") + object_of(entry.results[i]);
  }
  return json + "],\n  ";
}

// What stands before the architectures.
std::string header_of(const Baseline& baseline) {
  std::string json = "{";
  append(json, "schema", Baseline::schema);
  json += ",\n";
  append(json, "version", baseline.version);
  return json + fmt::format(",\n\"formulas\": {},\n\"options\": {},\n", baseline.formulas,
                            object_of(baseline.options));
}

std::vector<const BaselineEntry*> sorted(const Baseline& baseline) {
  std::vector<const BaselineEntry*> entries;
  for (const BaselineEntry& entry : baseline.architectures) entries.push_back(&entry);
  std::ranges::sort(entries, {}, &BaselineEntry::file);
  return entries;
}

}  // namespace

std::span<const GuardedNumber> numbers_of(RowKind kind) {
  if (kind == RowKind::layer || kind == RowKind::network) return bounds_numbers;
  if (kind == RowKind::objective) return objective_numbers;
  return estimate_numbers;
}

std::string_view key_of(RowKind kind) {
  constexpr std::array<std::string_view, 5> keys{"layer", "network", "objective",
                                                 "gradient_descent", "stochastic_gradient_descent"};
  return keys[static_cast<std::size_t>(kind)];
}

std::string baseline_key(const std::string& path) {
  return escape_controls(std::filesystem::path(path).lexically_normal().string());
}

NamedTexts texts_of(const ReportOptions& options) {
  NamedTexts texts;
  texts.emplace_back("method",
                     options.methods.size() > 1 ? "both" : name_of(options.methods.front()));
  for (const CountSetting& setting : count_settings()) {
    if (const auto& value = options.overrides.*setting.member) {
      texts.emplace_back(setting.name, std::to_string(*value));
    }
  }
  for (const RealSetting& setting : real_settings()) {
    if (const auto& value = options.overrides.*setting.member) {
      texts.emplace_back(setting.name, text::setting(*value));
    }
  }
  if (options.overrides.loss != nullptr) texts.emplace_back("loss", options.overrides.loss->name);
  if (options.batch_norm_epsilon) {
    texts.emplace_back("bn_epsilon", text::setting(*options.batch_norm_epsilon));
  }
  if (options.smooth_beta) texts.emplace_back("smooth", text::setting(*options.smooth_beta));
  return texts;
}

BaselineEntry baseline_entry(const Report& report, const Meaning& meaning) {
  BaselineEntry entry{
      baseline_key(report.file), report.graph.name, meaning, settings_of(report.settings), {}};
  for (const MethodReport& result : report.results) {
    BaselineResult kept{result.table.method, {}};
    for (std::size_t i = 0; i < report.graph.layers.size(); ++i) {
      kept.rows.push_back(
          bounds_row(RowKind::layer, report.graph.layers[i].name, result.table.layers[i]));
    }
    kept.rows.push_back(bounds_row(RowKind::network, "", result.table.network()));
    if (result.objective) {
      kept.rows.push_back(
          {RowKind::objective,
           "",
           {number(result.objective->lipschitz), number(result.objective->smoothness)}});
      kept.rows.push_back(
          estimate_row(RowKind::gradient_descent, result.convergence->gradient_descent));
      kept.rows.push_back(estimate_row(RowKind::stochastic_gradient_descent,
                                       result.convergence->stochastic_gradient_descent));
    }
    entry.results.push_back(std::move(kept));
  }
  return entry;
}

std::string checksum_of(const BaselineEntry& entry) { return sha256(content_of(entry)); }

std::string checksum_of(const Baseline& baseline) {
  std::string content = header_of(baseline);
  for (const BaselineEntry* entry : sorted(baseline)) content += checksum_of(*entry) + "\n";
  return sha256(content);
}

void write_baseline(const Baseline& baseline, const Sink& sink) {
  sink(header_of(baseline));
  sink("\"architectures\": [");
  bool first = true;
  for (const BaselineEntry* entry : sorted(baseline)) {
    std::string json = first ? "\n" : ",\n";
    json += content_of(*entry);
    append(json, "checksum", checksum_of(*entry));
    sink(json + "}");
    first = false;
  }
  std::string end = "],\n";
  append(end, "checksum", checksum_of(baseline));
  sink(end + "}\n");
}

}  // namespace smoothbound
