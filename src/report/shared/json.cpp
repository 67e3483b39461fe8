#include "json.hpp"

namespace smoothbound::json {

Json architecture(const Report& report) {
  return {{"name", report.graph.name},
          {"file", report.file},
          {"sha256", report.sha256},
          {"parameters", report.graph.parameters}};
}

Json settings(const Report& report) {
  const ResolvedSettings& values = report.settings;
  Json json{{"batch", values.batch},
            {"radius", values.radius.nearest},
            {"input_norm", values.input_norm.nearest},
            {"sample_norm", values.sample_norm.nearest}};
  if (values.loss != nullptr) {
    json["loss"] = values.loss->name;
    if (values.loss->setting == label_radius_setting) {
      json["label_radius"] = values.label_radius.nearest;
    }
    if (values.loss->setting == clusters_setting) json["clusters"] = values.clusters;
    json["regularizer"] = values.regularizer.nearest;
    json["accuracy"] = values.accuracy.nearest;
    json["initial_gap"] = values.initial_gap.nearest;
    json["variance"] = values.variance.nearest;
  }
  if (report.options.batch_norm_epsilon) {
    json["bn_epsilon"] = report.options.batch_norm_epsilon->nearest;
  }
  if (report.options.smooth_beta) json["smooth"] = report.options.smooth_beta->nearest;
  return json;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

void put(const Sink& sink, std::string_view key, const Json& value) {
  sink(dump(key));
  sink(": ");
  sink(dump(value));
}

}  // namespace smoothbound::json
