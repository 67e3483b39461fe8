// The parameters of a network from a file.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "smoothbound/data/array_file.hpp"
#include "smoothbound/data/weights_map.hpp"
#include "smoothbound/models/model.hpp"

namespace smoothbound {

/// A name of a tensor, or of a larger one of which it is the `part`-th of `parts` along the first
/// axis.
struct TensorName {
  std::string name;
  std::uint32_t part = 0;
  std::uint32_t parts = 1;
};

/// A tensor that a network has.
struct ExpectedTensor {
  std::string name;  // "conv1.weight"
  std::vector<std::int64_t> shape;
  std::vector<TensorName> also{};  // what it may be called besides, the first that is there counts
};

/// Names of tensors that a file may hold besides. Asked for only if it holds more than is expected.
using OtherTensors = std::function<std::vector<std::string>()>;

/// How tensors of a file are told.
enum class TensorMatch : std::uint8_t {
  name,
  order,  // as they lie in the file, whatever they are called, if all shapes are right
};

/// Which tensor of a file is which of a network.
struct WeightsReading {
  TensorMatch match = TensorMatch::name;
  std::shared_ptr<const WeightsMap> map{};  // null: names are the same
  models::ImportOptions import{};           // of a model of another program
  /// Whether what no block stands beside is passed over: masks and constants, that a state_dict
  /// holds, too. 'conv1.bias' still has to belong to the network, where 'conv1.weight' does.
  bool passes_over_buffers = false;
  /// Told, if it is set, that some of these look like parameters: "2 tensors of 'w.npz' ...".
  std::function<void(const std::string& what)> notice{};
};

/// Opens a safetensors or NPZ file, or a model of another program with its numbers, that holds the
/// expected tensors, all of them and no others but `others`, which are passed over; of a model, all
/// others are. The result's i-th entry belongs to expected[i]. "module.", "model." and "_orig_mod."
/// may stand before a name, and whatever ends in num_batches_tracked is passed over. Throws
/// DataError for what `open_array_file` refuses, for tensors that are missing, superfluous or of
/// another shape, and for truth values; SourceErrors at places in the map. Axes of size 1 may be
/// more or fewer, and an entry keeps those of the file, where a message finds its values. Values
/// are checked when they are read.
ArrayFile read_weights(const std::string& path, std::span<const ExpectedTensor> expected,
                       const OtherTensors& others = {}, const WeightsReading& reading = {});

/// Which of these tensors such a file has, by their names. By order it has all of a kind, running
/// statistics or parameters, or none.
std::vector<bool> find_tensors(const std::string& path, std::span<const ExpectedTensor> tensors,
                               const WeightsReading& reading = {});

}  // namespace smoothbound
