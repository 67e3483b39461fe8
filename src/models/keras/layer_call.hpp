// What layers of Keras become: rows of tables, which add steps to a network.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "model.hpp"
#include "smoothbound/models/network.hpp"

namespace smoothbound::models::keras {

/// A network that is being built of a model.
struct Building {
  Network network;
  bool is_keras_3 = false;
  bool channels_first = false;  // Keras' own arrays; ours always are
  /// Heads by line and column of their layer and their place in it: a second call shares the
  /// parameters of the first.
  std::map<std::tuple<std::uint32_t, std::uint32_t, std::string>, StepId> heads = {};
  std::set<std::string> notes = {};
};

/// A value in the network.
struct Tensor {
  StepId step = 0;
  /// The axes are those of Keras in their order, channels last: of an input that only becomes a
  /// vector or gets another shape.
  bool is_as_in_keras = false;
};

/// What a call was given, in the order of the file: a tensor or a constant.
struct Given {
  std::string_view key;
  std::optional<Tensor> tensor;
  std::optional<text::Value> constant;
};

/// A layer that is called.
class LayerCall {
 public:
  LayerCall(Building& network, const Layer& called, std::string full_name,
            std::vector<Given> given_arguments);

  Building& building;
  const Layer& layer;
  const Config config;
  const std::string name;  // with those of the models around it
  const std::vector<Given> given;
  std::vector<Tensor> inputs;  // the tensors among these

  /// SpecError "layer 'conv1' (Conv2D): MESSAGE" at the layer.
  [[noreturn]] void refuse(const std::string& message, const std::string& hint) const;

  /// The one input, with its axes in our order.
  Tensor input();
  [[nodiscard]] Shape shape(Tensor tensor) const { return building.network.shape(tensor.step); }
  /// One integer of the configuration.
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t otherwise) const;
  [[nodiscard]] std::int64_t required_integer(std::string_view key) const;
  /// One integer for each spatial axis: of a list, or the same one.
  [[nodiscard]] std::vector<std::int64_t> extent(std::string_view key, int axes,
                                                 std::int64_t otherwise) const;
  /// Our number of an axis of Keras, counted with the batch, from the end if it is below 0.
  [[nodiscard]] int axis(std::int64_t keras_axis, const Shape& shape) const;
  /// The same of `key`, a number or a list of numbers.
  [[nodiscard]] std::vector<int> axes(std::string_view key, std::int64_t otherwise,
                                      const Shape& shape) const;
  /// Refuses arrays with other than this many spatial axes.
  void require_spatial(const Shape& shape, int axes) const;

  Tensor map(Tensor from, std::string component, std::vector<Setting> settings,
             const Shape& output);
  /// A map that owns parameters, which no second call can share.
  Tensor owning_map(Tensor from, std::string component, std::vector<Setting> settings,
                    const Shape& output);
  /// `part`: of a layer that becomes several, "depthwise".
  Tensor head(Tensor from, std::string component, std::vector<Setting> settings,
              const Shape& output, bool bias = true, const std::string& part = {});
  Tensor merge(std::string component, std::vector<Setting> settings,
               const std::vector<Tensor>& from, const Shape& output);
  /// By a fixed number.
  Tensor scale(Tensor from, double by);
  Tensor shift(Tensor from, double by);

  /// With the activation of `key`, if there is one.
  Tensor activated(Tensor from, std::string_view key = "activation");
  /// The activation of this name, or nothing if there is none.
  std::optional<Tensor> activation(Tensor from, std::string_view function);

  /// The same scalars in Keras' order as an array of these sizes.
  Tensor reshaped(Tensor from, const std::vector<std::int64_t>& keras_sizes);
};

/// A row of a table.
struct LayerRow {
  std::string_view class_name;
  Tensor (*convert)(LayerCall& call);
  std::string_view becomes;
};

std::span<const LayerRow> weight_layers();
std::span<const LayerRow> pooling_layers();
std::span<const LayerRow> normalization_layers();
std::span<const LayerRow> activation_layers();
std::span<const LayerRow> merge_layers();
std::span<const LayerRow> shape_layers();
/// Names of functions that `activation:` may be, with what they become.
std::vector<std::pair<std::string_view, std::string_view>> known_activations();

/// The row of a class, or null.
const LayerRow* find_layer(std::string_view class_name);

/// `relu`, `math.multiply`: a call of a function of TensorFlow.
Tensor convert_function(LayerCall& call);
/// An operation of Keras 3 whose function is one of `known_activations`.
Tensor activate_by_operation(LayerCall& call, std::string_view function);
/// x + 3, x * y: `operation` of "Add", "Subtract", "Multiply", "Divide".
Tensor convert_arithmetic(LayerCall& call, std::string_view operation);

/// The names of a shape's axes in our order.
std::span<const std::string_view> axis_names(int rank);
/// Sizes as Keras has them.
std::vector<std::int64_t> keras_sizes(const Shape& shape, bool channels_first);
/// The shape of sizes as Keras has them. Throws ShapeError.
Shape shape_of(const std::vector<std::int64_t>& sizes, bool channels_first);
/// A number for all axes where they agree, else a list.
std::string written_extent(const std::vector<std::int64_t>& extent);

/// The model's network: its text and what has to be said about it. Throws SpecErrors.
struct Built {
  std::string text;
  std::vector<std::string> notes;
};
Built build(const Model& model, bool is_keras_3);

}  // namespace smoothbound::models::keras
