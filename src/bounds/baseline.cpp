#include "smoothbound/bounds/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "smoothbound/text/digest.hpp"
#include "smoothbound/text/file_name.hpp"
#include "smoothbound/text/json_writer.hpp"
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
  constexpr int digits = 17;
  return value.to_text(digits);
}

std::string number(const Real& value) { return fmt::format("{}", value.nearest); }

BaselineRow bounds_row(RowKind kind, const std::string& name, const Triple& bounds) {
  return {kind, name, {number(bounds.m), number(bounds.lipschitz), number(bounds.smoothness)}};
}

BaselineRow estimate_row(RowKind kind, const Estimate& estimate) {
  return {
      kind, "", {number(estimate.step_size), number(estimate.order), number(estimate.iterations)}};
}

NamedTexts settings_of(const ResolvedSettings& settings) {
  NamedTexts texts{{"batch", std::to_string(settings.batch)},
                   {"radius", number(settings.radius)},
                   {"input_norm", number(settings.input_norm)},
                   {"sample_norm", number(settings.sample_norm)}};
  if (settings.loss == nullptr) return texts;
  texts.emplace_back("loss", settings.loss->name);
  if (settings.loss->takes(label_radius_setting)) {
    texts.emplace_back("label_radius", number(settings.label_radius));
  }
  if (settings.loss->takes(threshold_setting)) {
    texts.emplace_back("huber_threshold", number(settings.threshold));
  }
  if (settings.loss->takes(label_smoothing_setting) && !settings.label_smoothing.upper.is_zero()) {
    texts.emplace_back("label_smoothing", number(settings.label_smoothing));
  }
  texts.emplace_back("regularizer", number(settings.regularizer));
  texts.emplace_back("accuracy", number(settings.accuracy));
  texts.emplace_back("initial_gap", number(settings.initial_gap));
  texts.emplace_back("variance", number(settings.variance));
  return texts;
}

void put_texts(JsonWriter& json, const NamedTexts& texts) {
  json.object_on_lines(JsonWriter::spaced, [&] {
    for (const auto& [name, value] : texts) json.member(name, value);
  });
}

void put_row(JsonWriter& json, const BaselineRow& row) {
  NamedTexts texts;
  if (row.kind == RowKind::layer) texts.emplace_back("name", row.name);
  const auto numbers = numbers_of(row.kind);
  for (std::size_t i = 0; i < numbers.size(); ++i) texts.emplace_back(numbers[i].key, row.texts[i]);
  put_texts(json, texts);
}

void put_result(JsonWriter& json, const BaselineResult& result) {
  const auto is_layer = [](const BaselineRow& row) { return row.kind == RowKind::layer; };
  const auto others = std::ranges::find_if_not(result.rows, is_layer);
  json.object_on_lines(4, [&] {
    json.member("method", name_of(result.method));
    json.list_on_lines(5, "layers", std::span(result.rows.begin(), others),
                       [&](const BaselineRow& row) { put_row(json, row); });
    for (const BaselineRow& row : std::span(others, result.rows.end())) {
      json.member(key_of(row.kind), [&] { put_row(json, row); });
    }
  });
}

// What `write` writes, without the brace that closes it and with what goes on behind it: the part
// of a text that its checksum is of.
template <class Write>
std::string open_text(std::string_view continuation, const Write& write) {
  std::string text;
  const Sink sink = [&](std::string_view piece) { text += piece; };
  JsonWriter json(sink);
  write(json);
  json.flush();
  text.pop_back();
  return text.append(continuation);
}

// Without the checksum and the closing brace.
std::string content_of(const BaselineEntry& entry) {
  std::string content = open_text(",\n  ", [&](JsonWriter& json) {
    json.object_on_lines(2, [&] {
      json.member("file", entry.file);
      json.member("name", entry.name);
      json.member("meaning", entry.meaning.all);
      json.member("structure", entry.meaning.structure);
      if (!entry.meaning.form.empty()) json.member("form", entry.meaning.form);
      json.member("settings", [&] { put_texts(json, entry.settings); });
      json.list_on_lines(3, "results", entry.results,
                         [&](const BaselineResult& result) { put_result(json, result); });
    });
  });
  return content.insert(0, 1, ' ');
}

// What stands before the architectures.
std::string header_of(const Baseline& baseline) {
  return open_text(",\n", [&](JsonWriter& json) {
    json.object_on_lines(0, [&] {
      json.member("schema", baseline.is_first ? Baseline::first_schema : Baseline::schema);
      json.member("version", baseline.version);
      json.member("formulas", baseline.formulas);
      json.member("options", [&] { put_texts(json, baseline.options); });
    });
  });
}

std::string checksum_member(const std::string& checksum) {
  return fmt::format("\"checksum\": {}}}", json_quoted(checksum));
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

std::string baseline_key(const std::string& path, const std::string& baseline) {
  const std::filesystem::path folder = resolved(baseline).parent_path();
  return text_of_name(resolved(path).lexically_relative(folder).string());
}

std::string path_of_key(const std::string& key, const std::string& baseline) {
  const std::filesystem::path path = name_of_text(key);
  const std::filesystem::path file = resolved(baseline).parent_path() / path;
  std::error_code error;
  if (path.is_absolute() || !std::filesystem::exists(file.parent_path(), error)) return path;
  return file.lexically_normal().lexically_relative(std::filesystem::current_path());
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
      texts.emplace_back(setting.name, number(*value));
    }
  }
  if (options.overrides.loss != nullptr) texts.emplace_back("loss", options.overrides.loss->name);
  if (options.batch_norm_epsilon) {
    texts.emplace_back("bn_epsilon", number(*options.batch_norm_epsilon));
  }
  if (options.smooth_beta) texts.emplace_back("smooth", number(*options.smooth_beta));
  return texts;
}

BaselineEntry baseline_entry(const Report& report, const Meaning& meaning, std::string key) {
  BaselineEntry entry{std::move(key), report.graph.name, meaning, settings_of(report.settings), {}};
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
  sink(header_of(baseline) + "\"architectures\": [");
  bool first = true;
  for (const BaselineEntry* entry : sorted(baseline)) {
    sink(std::exchange(first, false) ? "\n" : ",\n");
    sink(content_of(*entry) + checksum_member(checksum_of(*entry)));
  }
  sink("],\n" + checksum_member(checksum_of(baseline)) + "\n");
}

}  // namespace smoothbound
