#include "identity.hpp"

#include <fmt/format.h>

#include "smoothbound/text/data_error.hpp"

namespace smoothbound {

TrainingIdentity identity_of(const TrainingRequest& request, const Report& report) {
  const ResolvedSettings& settings = report.settings;
  const TrainingOptions& training = request.training;
  const PreparationOptions preparation = request.samples.preparation(report);
  std::string files;
  for (const std::string& file : request.samples.request().files()) files += file + ' ';
  const auto number = [](const std::optional<Real>& value) {
    return value ? fmt::format("{}", value->nearest) : std::string("none");
  };
  return {{"architecture", report.sha256},
          {"data", request.samples.dataset().name},
          {"files", files},
          {"split", request.samples.split().value_or("none")},
          {"standardise", preparation.standardise ? "yes" : "no"},
          {"scale-norm", preparation.norm ? fmt::format("{}", *preparation.norm) : "no"},
          {"loss", std::string(settings.loss->name)},
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
}

void compare_identity(const TrainingIdentity& asked, const TrainingIdentity& saved,
                      const std::string& path) {
  for (const auto& [name, value] : asked) {
    const auto found = saved.find(name);
    if (found != saved.end() && found->second == value) continue;
    throw DataError(path,
                    fmt::format("is of a run with {} {}, not {}", name,
                                found == saved.end() ? "unknown" : found->second, value),
                    "take up a run with the options with which it began");
  }
}

}  // namespace smoothbound
