// From a network at some weights to what is proved of a step along a direction.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "smoothbound/enclosure/step_search.hpp"
#include "smoothbound/runtime/parameters.hpp"
#include "smoothbound/runtime/precision.hpp"
#include "smoothbound/runtime/samples.hpp"
#include "smoothbound/steps/step.hpp"

namespace smoothbound {

/// An architecture, weights, samples, and a direction.
struct CertifyRequest {
  Source source;
  ReportOptions options;
  Limits limits;
  Samples samples{SampleRequest{}};
  ParameterSource parameters;
  std::string statistics;  // a file of those of batch norm, as of `RunRequest`
  std::int64_t memory = std::numeric_limits<std::int64_t>::max();  // bytes, for everything
  /// That of an oracle, or, if it is not empty, of a file with an array for each parameter array.
  steps::StepKind oracle = steps::StepKind::gradient;
  std::string direction_file;
  double gamma = 1;  // of the Gauss-Newton and Newton oracles; halved where no step exists
  int degree = 3;    // K: 2 or 3
  std::optional<EnclosureMode> mode;  // nothing: the one that proves more for each gradient
  std::optional<double> step;         // t to be decided on; nothing: the best one is looked for
  int curve_points = 64;              // of the curve of bounds; 0: none
  /// That of the parameters w + t d when they are kept.
  Precision storage = Precision::float64;
  /// Is told what is being done; may be empty.
  std::function<void(std::string_view)> progress{};
};

/// F along the line, at t.
struct CurvePoint {
  double t = 0;
  double value = 0;  // in floating point
  Range bounds;      // certified; NaN beyond T
};

/// How much of the width of the bounds a layer brings in: what is left if all layers up to it and
/// with it were exact, taken from what is left if those before it were.
struct LayerShare {
  std::uint32_t layer = 0;
  double share = 0;
};

/// "norm" and "interval", in the order of `EnclosureMode`.
std::span<const std::string_view> enclosure_modes();
std::string_view name_of(EnclosureMode mode);

/// What is known of F(w + t d) at a step.
enum class StepVerdict : std::uint8_t { decreases, increases, undecided };
/// "decreases", "increases", "undecided"
std::string_view name_of(StepVerdict verdict);

struct CertifyReport {
  Report bounds;  // of the architecture, for its graph and settings
  SampleOrigin data;
  ParameterSource parameters;
  std::string statistics;
  std::string direction;  // "gradient", "gauss-newton", "newton", or the file
  double direction_norm = 0;
  int degree = 3;
  EnclosureMode mode = EnclosureMode::interval;
  std::int64_t micro_batch = 0;  // samples whose coefficients are kept at once; 0: all
  LineDerivatives derivatives;   // F, slope and curvature at w
  Range start;                   // l(0) <= F(w) <= u(0)
  double rounding = 0;           // what rounding can have done to the outputs, mean over samples

  double length = 0;  // T of the bounds below; 0: there are none
  int order = 0;      // n of them; K + 1 if no unit can cross a kink
  /// The t of least u, and the longest one that is certified to decrease F by a tenth of what the
  /// slope promises. Nothing: none is proved.
  std::optional<ProvedStep> best;
  std::optional<ProvedStep> longest;
  std::string failed_layer;  // where bounds are not finite, if there are none

  struct AskedStep {
    double t = 0;
    Range bounds;      // of F(w + t d); infinite: none are finite
    double value = 0;  // in floating point
    StepVerdict verdict = StepVerdict::undecided;
  };
  std::optional<AskedStep> asked;

  /// The chosen step with its parameters rounded to float32, if they are to be kept like that.
  struct StoredStep {
    double t = 0;
    Range start;       // l <= F(w) <= u
    Range bounds;      // of F at the rounded parameters; infinite: none are finite
    double value = 0;  // in floating point
    StepVerdict verdict = StepVerdict::undecided;
  };
  std::optional<StoredStep> stored;

  /// The first local minimum of F along the line, in floating point, and F there; nothing: none.
  std::optional<double> line_search;
  double line_search_value = 0;

  std::vector<LayerShare> shares;  // of the graph's order; empty: E is zero, or there are no bounds
  std::vector<CurvePoint> curve;   // from t = 0 to at least T and the line search's step
  EnclosureWork work;
  double seconds = 0;
  std::string saved;  // the file of w + t d; empty: not written

  /// Of the step as it is stored, or of the asked one, or of the best one.
  [[nodiscard]] StepVerdict verdict() const;
  /// The step that is written: the asked one, or the best one; nothing: none is proved.
  [[nodiscard]] std::optional<double> chosen() const;
};

/// The architecture names no loss.
class NothingToCertify : public std::runtime_error {
 public:
  NothingToCertify();
};

/// Throws as `execute`, and LabelsMissing, NotEnclosed, NothingToCertify, LossError;
/// steps::NotBoundedBelow and steps::NotFinite for directions that do not exist and for steps that
/// leave the range of float32. `save`, if it is not empty, is a file for the parameters w + t d
/// that were certified, written whole or not at all.
CertifyReport certify(CertifyRequest request, const std::string& save = {});

}  // namespace smoothbound
