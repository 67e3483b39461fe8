// From sections of a configuration to steps.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "darknet/section.hpp"
#include "darknet/weights.hpp"

namespace smoothbound::models::darknet {

/// What the layers of a network have in common while it is read.
struct Translator {
  Network& network;
  MistakeList& mistakes;
  const ImportOptions& options;
  Weights* weights;  // null: no numbers

  /// Of each layer, counted as in the configuration, what it makes.
  struct Output {
    enum class Kind : std::uint8_t { step, head, unknown };
    Kind kind = Kind::unknown;
    StepId step = 0;
  };
  std::vector<Output> outputs = {};
  Section* section = nullptr;  // that is being read
  bool has_batch_norms = false;

  /// An array of a step, and where its numbers lie.
  struct Owned {
    StepId step;
    Tensor tensor;
  };
  std::vector<Owned> arrays = {};

  /// Reads one section behind [net].
  void layer(Section& next);

  /// The index of the layer that is being read.
  [[nodiscard]] std::int64_t index() const { return static_cast<std::int64_t>(outputs.size()); }
  /// The step of a layer. Throws `Unread` where that is wrong, a SpecError where it is a head.
  [[nodiscard]] StepId step_of(std::int64_t layer_index, Location place) const;
  /// What the layer before this one makes.
  [[nodiscard]] StepId before() const;
  /// Layers that an option names, those below 0 counted from this one.
  [[nodiscard]] std::vector<StepId> named_layers(std::string_view key) const;

  /// "conv_3"
  [[nodiscard]] std::string name_of(std::string_view component) const;
  StepId map(std::string_view component, std::vector<Setting> settings, StepId input,
             const Shape& output);
  StepId merge(std::string_view component, std::vector<StepId> inputs, const Shape& output);
  /// The function of the option `activation` behind a step.
  StepId activation(StepId input, std::string_view otherwise);
  /// [n] as [n, 1, 1].
  StepId as_image(StepId input);
  StepId slice(StepId input, std::string_view axis, std::int64_t from, std::int64_t to);

  /// Throws SpecError at the place of an option of this section, or of the section.
  [[noreturn]] void refuse(std::string_view key, const std::string& message,
                           std::string hint) const;
};

/// The section before this one is wrong: nothing is known about what follows from it.
struct Unread {};

/// A kind of section.
struct LayerRow {
  std::string_view name;     // "convolutional"
  std::string_view also;     // "conv"; may be empty
  std::string_view becomes;  // for people
  /// Null: it cannot be read, and `becomes` says why.
  StepId (*read)(Translator& translator);
  bool is_head = false;  // that only training and detection read: the network ends before it
};

std::span<const LayerRow> layer_rows();
/// Rows of layers with parameters: in parameter_layers.cpp.
StepId read_convolutional(Translator& translator);
StepId read_connected(Translator& translator);
StepId read_batch_norm(Translator& translator);

}  // namespace smoothbound::models::darknet
