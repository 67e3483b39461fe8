// From a network at some weights to its bounds on a ball around them, with what a search finds
// there.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "smoothbound/bounds/local.hpp"
#include "smoothbound/enclosure/hessian_norm.hpp"
#include "smoothbound/runtime/measure.hpp"
#include "smoothbound/runtime/parameters.hpp"
#include "smoothbound/runtime/samples.hpp"

namespace smoothbound {

/// As many starts and steps as a search takes for each layer.
inline MeasureSettings usual_search() {
  MeasureSettings search;
  search.starts = 2;
  search.ascents = 3;
  return search;
}

/// An architecture, weights w*, and a radius.
struct AroundRequest {
  Source source;
  ReportOptions options;  // methods, and a layer to be accounted for
  Limits limits;
  /// The inputs; nothing: all of the norm that the architecture says.
  std::optional<Samples> samples;
  ParameterSource parameters;
  Real radius;            // R': ||v_b - v_b*|| <= R' for each parameter block b
  bool measures = false;  // also search for large values
  /// At radius 0, also bound the curvature of F by all columns of its Hessian.
  bool takes_columns = false;
  /// How; norms, radius, centre and inputs are set.
  MeasureSettings search = usual_search();
  std::int64_t memory = std::numeric_limits<std::int64_t>::max();  // bytes, for everything
};

/// By one method.
struct AroundResult {
  BoundTable table;
  CauseTable causes;
  std::optional<ObjectiveBounds> objective;  // if there is a loss
  rules::Trace explanation;                  // if asked for
  /// Of layers, without what batch norms take away: what rounding errors are relative to. Empty: no
  /// batch norm takes the samples' common part away.
  std::vector<Triple> uncentred;
};

/// The largest values of a layer that were found, lower bounds of its m, l and L.
struct MeasuredLayer {
  double norm = 0;
  double slope = 0;
  double curvature = 0;
};

/// The same of F at w*: its gradient, and the largest absolute eigenvalue of its Hessian.
struct MeasuredObjective {
  double slope = 0;
  double curvature = 0;
};

/// What was measured and is above its bound.
struct Excess {
  std::size_t result = 0;              // whose bound
  std::optional<std::uint32_t> layer;  // nothing: the objective
  std::string_view quantity;           // "m", "l", "L"
  double measured = 0;
  Magnitude bound;
};

struct AroundReport {
  Report bounds;  // of the architecture, for its graph and settings; without results
  std::optional<SampleOrigin> data;
  ParameterSource parameters;
  Real radius;
  std::vector<BlockAtPoint> blocks;  // of the graph
  std::vector<Magnitude> norms;      // ||z_l(w*)|| of each layer, where samples are known; or empty
  std::vector<AroundResult> results;  // of each method
  std::vector<MeasuredLayer> layers;  // what was measured; or empty
  std::optional<MeasuredObjective> objective;
  std::optional<HessianNorm> hessian;  // if asked for

  [[nodiscard]] bool has_finite_answer() const;
  /// What was measured above its bound by more than its rounding, as a search cannot.
  [[nodiscard]] std::vector<Excess> exceeded() const;
};

/// Called now and then with how many layers have been searched, or columns computed.
using AroundProgress =
    std::function<void(std::int64_t done, std::int64_t all, std::string_view what)>;

/// Bounds around w* by Cor 4.5 and its sharp form, as in bounds/local.hpp: norms of blocks are
/// certified, and of known samples those of layers at w*, too, by `LineEnclosure`. Throws SpecError
/// in `request.source`; DataError in the files of samples and parameters, TooFewSamples,
/// TargetsNotTaken, MemoryShortage, NotExecutable, NotEnclosed; for columns also NothingToCertify,
/// LabelsMissing, and std::invalid_argument without samples or for another radius.
AroundReport bound_around(AroundRequest request, const AroundProgress& progress = {});

}  // namespace smoothbound
