#include "smoothbound/train/checkpoint.hpp"

#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "smoothbound/data/weights.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/text/data_error.hpp"

namespace smoothbound {
namespace {

constexpr std::string_view state_prefix = "training.";
constexpr std::string_view identity_prefix = "option.";

std::string key(std::string_view prefix, std::string_view name) {
  return fmt::format("{}{}", prefix, name);
}

// The numbers of a state, by name: written and read in one place.
template <class State, class Visitor>
void visit_numbers(State& state, Visitor&& visit) {
  visit("iteration", state.iteration);
  visit("gamma", state.gamma);
  visit("oracle_calls", state.oracle_calls);
  visit("seconds", state.seconds);
  visit("first_objective", state.first_objective);
  visit("smallest_mapping", state.smallest_mapping);
  visit("sum_of_steps", state.sum_of_steps);
  visit("violation", state.violation);
}

class StateReader {
 public:
  StateReader(const std::string& path, const ArrayFile::Metadata& metadata)
      : path_(path), metadata_(metadata) {}

  template <class Number>
  void operator()(std::string_view name, Number& value) const {
    const auto found = metadata_.find(key(state_prefix, name));
    if (found == metadata_.end()) {
      throw DataError(path_, "is no checkpoint of training: it holds parameters only",
                      Remedy::new_run);
    }
    const std::string& text = found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
      throw DataError(path_, fmt::format("'{}' is no {} of a checkpoint", text, name));
    }
  }

 private:
  const std::string& path_;
  const ArrayFile::Metadata& metadata_;
};

std::vector<TensorView> tensors_of(const ParameterLayout& layout, std::span<const double> w) {
  std::vector<TensorView> tensors;
  for (const ParameterArray& array : layout.arrays) {
    tensors.push_back({array.name, array.sizes,
                       w.subspan(static_cast<std::size_t>(array.offset),
                                 static_cast<std::size_t>(array.elements))});
  }
  return tensors;
}

TrainingIdentity identity_of(const ArrayFile::Metadata& metadata) {
  TrainingIdentity identity;
  for (const auto& [name, value] : metadata) {
    if (name.starts_with(identity_prefix)) {
      identity.emplace(name.substr(identity_prefix.size()), value);
    }
  }
  return identity;
}

}  // namespace

void save_checkpoint(const std::string& path, const ParameterLayout& layout,
                     const TrainingState& state, const TrainingIdentity& identity) {
  std::map<std::string, std::string> metadata;
  visit_numbers(state, [&](std::string_view name, const auto& value) {
    metadata.emplace(key(state_prefix, name), fmt::format("{}", value));
  });
  for (const auto& [name, value] : identity) metadata.emplace(key(identity_prefix, name), value);
  write_safetensors(path, tensors_of(layout, state.w), metadata);
}

Checkpoint load_checkpoint(const std::string& path, const ParameterLayout& layout) {
  std::vector<ExpectedTensor> expected;
  for (const ParameterArray& array : layout.arrays) expected.push_back({array.name, array.sizes});
  const ArrayFile file = read_weights(path, expected);
  Checkpoint checkpoint;
  visit_numbers(checkpoint.state, StateReader(path, file.metadata()));
  checkpoint.identity = identity_of(file.metadata());
  checkpoint.state.w.resize(static_cast<std::size_t>(layout.elements));
  for (std::size_t i = 0; i < layout.arrays.size(); ++i) {
    const ParameterArray& array = layout.arrays[i];
    file.read_into(file.entries()[i], std::span(checkpoint.state.w)
                                          .subspan(static_cast<std::size_t>(array.offset),
                                                   static_cast<std::size_t>(array.elements)));
  }
  return checkpoint;
}

TrainingIdentity read_identity(const std::string& path) {
  return identity_of(open_array_file(path).metadata());
}

void save_trained(const std::string& path, const ParameterLayout& layout, std::span<const double> w,
                  const std::map<std::string, std::string>& metadata) {
  write_safetensors(path, tensors_of(layout, w), metadata);
}

}  // namespace smoothbound
