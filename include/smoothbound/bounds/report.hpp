// Everything that is shown of an architecture's bounds: values only, no formatting.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "smoothbound/bounds/layerwise.hpp"
#include "smoothbound/bounds/objective.hpp"
#include "smoothbound/spec/read_spec.hpp"
#include "smoothbound/spec/rewrite.hpp"

namespace smoothbound {

/// Makes another graph of the one that `source` describes before it is bounded, and notes what is
/// to be said of that.
using GraphAdapter =
    std::function<Graph(Graph graph, const Source& source, std::vector<std::string>& notes)>;

/// What a caller asks for beyond the file.
struct ReportOptions {
  std::vector<Method> methods{Method::sharp};
  Settings overrides;
  std::optional<Real> batch_norm_epsilon;
  std::optional<Real> softplus_scale;  // of every softplus
  std::optional<Real> smooth_beta;     // rewrite kinks to smooth forms
  std::optional<std::string> explain;  // a layer to account for
  bool layerwise = false;              // step sizes by parameter block, by method sharp alone
  GraphAdapter adapt;                  // applied to the graph before it is bounded
  RemedyWords words = plain_words;     // what the caller calls remedies
  Refinements refinements{};           // those of method sharp that are used
};

struct Convergence {
  Estimate gradient_descent;
  Estimate stochastic_gradient_descent;
};

/// Step sizes of parameter blocks.
struct LayerwiseReport {
  LayerwiseBounds bounds;
  std::vector<Magnitude> majorizer;  // D: the step of a group is 1 / D_i
  /// The geometric mean of the steps over 1 / L_F, where these are finite and not 0.
  std::optional<LowerBound> gain;

  [[nodiscard]] LowerBound step_size(std::size_t group) const {
    return LowerBound::from_count(1) / majorizer[group];
  }
};

/// The results of one method.
struct MethodReport {
  BoundTable table;
  CauseTable causes;
  std::optional<ObjectiveBounds> objective;  // if there is a loss
  std::optional<Convergence> convergence;
  rules::Trace explanation;                    // if asked for
  std::optional<LayerwiseReport> layerwise{};  // the same, and there is a loss
};

struct Report {
  std::string file;
  std::string sha256;  // of the file's bytes
  Graph graph;
  ResolvedSettings settings;
  ReportOptions options;
  std::vector<MethodReport> results;
  std::vector<std::string> assumptions;
  std::size_t default_count = 0;  // of the assumptions the first are defaults
  std::optional<std::uint32_t> explained_layer;

  /// Whether any of the network's numbers is finite.
  [[nodiscard]] bool has_finite_answer() const;
};

/// The layer to account for is not there.
class NoSuchLayer : public SpecError {
 public:
  using SpecError::SpecError;
};

/// From a text to all its numbers. Throws SpecError.
Report make_report(const Source& source, const ReportOptions& options, const Limits& limits);

}  // namespace smoothbound
