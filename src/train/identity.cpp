#include "identity.hpp"

#include <fmt/format.h>

#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/digest.hpp"

namespace smoothbound {
namespace {

// With what it takes beyond clusters and labels. Those of before a setting existed are its default.
std::string loss_of(const ResolvedSettings& settings) {
  const LossRow& loss = *settings.loss;
  std::string text(loss.name);
  if (loss.takes(threshold_setting)) {
    text += fmt::format(" with threshold {}", settings.threshold.nearest);
  }
  if (loss.takes(label_smoothing_setting) && !settings.label_smoothing.upper.is_zero()) {
    text += fmt::format(" with label_smoothing {}", settings.label_smoothing.nearest);
  }
  return text;
}

// Of those that files gave; the architecture has the others.
std::string digest_of_statistics(const Graph& graph) {
  Sha256 digest;
  bool has_any = false;
  for (const Layer& layer : graph.layers) {
    for (const PlacedComponent& placed : layer.components) {
      const auto* const norm = std::get_if<BatchNorm>(&placed.component);
      if (norm == nullptr || norm->fixed == nullptr) continue;
      has_any = true;
      digest.add_whole(std::span<const double>(norm->fixed->mean));
      digest.add_whole(std::span<const double>(norm->fixed->variance));
    }
  }
  return has_any ? std::move(digest).digits() : "";
}

}  // namespace

TrainingIdentity identity_of(const TrainingRequest& request, const Report& report) {
  const ResolvedSettings& settings = report.settings;
  const TrainingOptions& training = request.training;
  const PreparationOptions preparation = request.samples.preparation(report);
  const std::optional<double>& divisor = request.samples.request().divisor;
  const std::string scale_input = divisor ? fmt::format("{}", *divisor) : "default";
  const auto number = [](const std::optional<Real>& value) {
    return value ? fmt::format("{}", value->nearest) : std::string("none");
  };
  TrainingIdentity identity{
      {"architecture", report.sha256},
      {"split", request.samples.split().value_or("none")},
      {"scale-input", scale_input},
      {"standardise", preparation.standardise ? "yes" : "no"},
      {"scale-norm", preparation.norm ? fmt::format("{}", *preparation.norm) : "no"},
      {"loss", loss_of(settings)},
      {"clusters", std::to_string(settings.clusters)},
      {"regularizer", number(settings.regularizer)},
      {"radius", number(settings.radius)},
      {"bn-epsilon", number(report.options.batch_norm_epsilon)},
      {"smooth", number(report.options.smooth_beta)},
      {"samples", std::to_string(settings.batch)},
      {"batch", std::to_string(training.mini_batch)},
      {"seed", std::to_string(training.seed)},
      {"oracle", std::string(oracle_names()[static_cast<std::size_t>(training.oracle)])},
      {"step", request.step},
      {"local-radius", fmt::format("{}", training.local_radius)},
      {"dual-residual", fmt::format("{}", training.dual_residual)},
      {"method", std::string(name_of(request.options.methods.front()))},
      {"precision", std::string(name_of(request.precision))}};
  if (const std::string digest = digest_of_statistics(report.graph); !digest.empty()) {
    identity.emplace("statistics", digest);
  }
  return identity;
}

void compare_identity(const TrainingIdentity& asked, const TrainingIdentity& saved,
                      const std::string& path) {
  const auto is_of_other_samples = [&] {
    const auto found = saved.find(std::string(samples_key));
    return found == saved.end() || found->second != asked.at(std::string(samples_key));
  };
  for (const auto& [name, value] : asked) {
    if (name == samples_key) continue;  // settings say more of why they differ
    const auto found = saved.find(name);
    if (found != saved.end() && found->second == value) continue;
    if (name == "statistics") {
      throw DataError(path, "is of a run with other statistics of batch norm",
                      "give the files with which it began");
    }
    if (name == "architecture") {  // known by its digest
      throw DataError(path, "is of a run of another architecture, or of one that has changed since",
                      "take up a run with the architecture with which it began");
    }
    throw DataError(path,
                    fmt::format("is of a run with {} {}, not {}", name,
                                found == saved.end() ? "unknown" : found->second, value),
                    "take up a run with the options with which it began");
  }
  if (!is_of_other_samples()) return;
  throw DataError(path, "is of a run on other samples: those given now, or their labels, differ",
                  "take up a run with the data with which it began");
}

}  // namespace smoothbound
