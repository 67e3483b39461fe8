// From layers of Caffe to steps.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "prototxt.hpp"
#include "smoothbound/models/model.hpp"
#include "window_steps.hpp"

namespace smoothbound::models::caffe {

/// `layer { ... }` of any version.
struct Layer {
  prototxt::Message message;
  std::string name;
  std::string type;
  std::vector<std::string> bottoms;
  std::vector<std::string> tops;
};

/// The layer before this one is wrong: nothing is known about what follows from it.
struct Unread {};

/// What layers have in common while a network is read.
struct Translator {
  Network& network;
  MistakeList& mistakes;

  struct Blob {
    enum class Kind : std::uint8_t { step, side, unknown };  // side: labels and other inputs
    Kind kind = Kind::unknown;
    StepId step = 0;
    bool is_read = false;
    std::string name = {};
  };
  /// All that were made, in order, and which of them has a name now: layers may work in place.
  std::vector<Blob> blobs = {};
  std::map<std::string, std::size_t, std::less<>> by_name = {};
  Layer* layer = nullptr;  // that is being read
  bool has_input = false;
  bool keeps_statistics = true;  // with use_global_stats, fixed ones
  bool has_fixed_norms = false;
  bool has_batch_norms = false;
  /// Of the last loss: the step that it reads, and its name here.
  std::optional<std::pair<StepId, std::string_view>> loss = {};
  std::map<std::string, StepId, std::less<>> shared = {};  // heads by the names of their parameters

  void read(Layer& next);
  /// Says which fields of a layer were not read.
  void finish(Layer& next);
  void make(const std::string& name, Blob::Kind kind, StepId step);
  /// Declares the network's input, or one more, which is left out.
  void input(const std::string& name, const Shape& shape);

  /// The step that the index-th bottom is. Throws `Unread` or SpecError. `reads`: whether it counts
  /// as read, which losses do not.
  StepId bottom(std::size_t index, bool reads = true);
  [[nodiscard]] const Shape& shape(StepId step) const { return network.shape(step); }
  void top(StepId step);

  StepId map(std::string_view component, std::vector<Setting> settings, StepId from,
             const Shape& output);
  StepId merge(std::string_view component, std::vector<StepId> inputs, const Shape& output);
  StepId slice(StepId from, std::size_t axis, std::int64_t begin, std::int64_t end);
  StepId as_image(StepId from);
  /// The index of an axis without the batch; throws for the batch and axes that are not there.
  [[nodiscard]] std::size_t axis_of(prototxt::Message& settings, std::string_view field,
                                    std::int64_t otherwise, const Shape& of) const;
  [[noreturn]] void refuse(const std::string& message, std::string hint) const;
};

/// "channels", "height": the index-th axis of a shape.
std::string axis_word(std::size_t axis, int rank);

struct LayerRow {
  std::string_view type;                 // "Convolution"
  std::string_view becomes;              // for people
  void (*read)(Translator& translator);  // null: it cannot be read, and `becomes` says why
};

/// Layers with windows or parameters, those that only move, add or join, and those that are no
/// part of a network's function.
std::span<const LayerRow> parameter_rows();
std::span<const LayerRow> structure_rows();
std::span<const LayerRow> outer_rows();

}  // namespace smoothbound::models::caffe
