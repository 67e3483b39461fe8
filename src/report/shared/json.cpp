#include "json.hpp"

#include <algorithm>

#include "smoothbound/version.hpp"

namespace smoothbound::json {

void Quantity::operator()(JsonWriter& json) const {
  json.object([&] {
    json.member("text", text);
    json.member("log10", log10);
    if (!reason.empty()) json.member("reason", reason);
  });
}

void head(JsonWriter& json, std::string_view schema) {
  json.member("schema", schema);
  json.member("version", version);
}

void architecture(JsonWriter& json, const Report& report) {
  json.object("architecture", {{"name", report.graph.name},
                               {"file", report.file},
                               {"sha256", report.sha256},
                               {"parameters", report.graph.parameters}});
}

void settings(JsonWriter& json, const Report& report,
              const std::vector<std::string_view>& left_out) {
  const ResolvedSettings& values = report.settings;
  const auto put = [&](std::string_view key, const auto& value) {
    if (std::ranges::find(left_out, key) == left_out.end()) json.member(key, value);
  };
  put("batch", values.batch);
  put("radius", values.radius.nearest);
  if (!report.graph.input_ids) {
    put("input_norm", values.input_norm.nearest);
    put("sample_norm", values.sample_norm.nearest);
  }
  if (const LossRow* loss = values.loss; loss != nullptr) {
    put("loss", loss->name);
    if (loss->takes(label_radius_setting)) put("label_radius", values.label_radius.nearest);
    if (loss->takes(threshold_setting)) put("huber_threshold", values.threshold.nearest);
    if (loss->takes(label_smoothing_setting) && !values.label_smoothing.upper.is_zero()) {
      put("label_smoothing", values.label_smoothing.nearest);
    }
    if (loss->takes(clusters_setting)) put("clusters", values.clusters);
    put("regularizer", values.regularizer.nearest);
    put("accuracy", values.accuracy.nearest);
    put("initial_gap", values.initial_gap.nearest);
    put("variance", values.variance.nearest);
  }
  if (const auto& epsilon = report.options.batch_norm_epsilon) put("bn_epsilon", epsilon->nearest);
  if (const auto& beta = report.options.smooth_beta) put("smooth", beta->nearest);
}

}  // namespace smoothbound::json
