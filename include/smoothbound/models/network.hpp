// What importers make of a model: steps in the words of the catalogue, which become the text of an
// architecture file, and the tensors that their blocks read.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "smoothbound/models/element_type.hpp"
#include "smoothbound/text/shape.hpp"

namespace smoothbound::models {

/// Numbers that lie in a file as they are, little endian, in C order of `stored`: the axes of the
/// tensor, or (`reversed`) these in reverse order, the first axis fastest.
struct FileRegion {
  std::string file;
  std::uint64_t offset = 0;
  ElementType type = ElementType::f32;
  bool reversed = false;
};

/// Numbers that are computed when they are asked for.
using ComputedNumbers = std::function<std::vector<double>()>;

/// An array that a block or a batch norm reads: as its name in files of weights, in our layout.
struct Tensor {
  std::string name;  // "layer1.0.conv1.weight"
  std::vector<std::int64_t> shape;
  std::variant<FileRegion, ComputedNumbers> numbers;
};

using StepId = std::uint32_t;

/// `key: value` of a component's settings, the value as YAML has it. An empty key: the one value
/// that stands for all of them, as in `dense: 10`.
struct Setting {
  std::string key;
  std::string value;
};

/// One component in its place.
struct Step {
  enum class Kind : std::uint8_t {
    head,   // begins a layer, with one input or (parameter, constant) none
    map,    // stands in `then`
    merge,  // begins a layer, with a list of inputs
  };
  Kind kind = Kind::map;
  std::string component;          // its name in the catalogue: "conv"
  std::vector<Setting> settings;  // in the order in which they are written
  std::vector<StepId> inputs;
  Shape output;              // of one sample
  std::string name = {};     // that the layer should have; of maps: if they get one of their own
  bool bias = true;          // false: `bias: false` is written
  std::string weights = {};  // the prefix of its tensors' names: see Network::text
  std::vector<Setting> tensor_names = {};  // word and name of each, where these have no prefix
  std::optional<StepId> share = {};        // the head whose parameters it takes
};

/// A network that is being imported.
class Network {
 public:
  /// The network's input, which every network has: step 0.
  static constexpr StepId input = 0;

  /// A little more than the layers that an architecture file may have.
  static constexpr std::size_t default_steps = std::size_t{1} << 20U;

  explicit Network(std::string name, const Shape& input_shape,
                   std::size_t most_steps = default_steps);

  /// Appends a step behind those that it reads. Throws SpecError for one too many.
  StepId add(Step step);
  /// The same, unless there is such a component with the same settings and inputs: of maps without
  /// parameters.
  StepId add_once(Step step);
  [[nodiscard]] const Step& step(StepId id) const { return steps_[id]; }
  [[nodiscard]] Step& step(StepId id) { return steps_[id]; }
  [[nodiscard]] const Shape& shape(StepId id) const { return steps_[id].output; }
  [[nodiscard]] StepId size() const { return static_cast<StepId>(steps_.size()); }

  /// The architecture file whose last layer is `output`: YAML, one layer an entry, maps in the
  /// `then` of the layer that they follow. Steps that do not reach the output are left out. Layers
  /// have the names that their steps ask for, made different where they are not; `weights:` is
  /// written where the prefix is not the layer's name. `comments`: lines at the top.
  [[nodiscard]] std::string text(StepId output, const std::vector<std::string>& comments) const;

  std::string name;
  std::string loss;  // empty: none is written
  std::vector<Tensor> tensors;
  /// What a user should know: that a batch norm was folded into a convolution, say.
  std::vector<std::string> notes;

 private:
  std::vector<Step> steps_;
  std::size_t most_steps_;
  std::unordered_map<std::string, StepId> added_once_;
};

/// `text` as a YAML scalar, quoted where it has to be.
std::string yaml_scalar(const std::string& text);
/// "[3, 224, 224]"
std::string yaml_list(const std::vector<std::int64_t>& numbers);
/// numerator / denominator, not nearer to 0 than it is: bounds of a network with this factor must
/// not be below those with the quotient itself.
double outward_quotient(double numerator, double denominator);
/// Seventeen digits or fewer: the shortest decimal that reads as this double.
std::string yaml_number(double value);
/// The same for a number that is stored in float32, with as few digits as tell it apart there.
std::string yaml_number(float value);

}  // namespace smoothbound::models
