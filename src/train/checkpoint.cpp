#include "smoothbound/train/checkpoint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "smoothbound/data/weights.hpp"
#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/runtime/parameters.hpp"
#include "smoothbound/text/data_error.hpp"
#include "smoothbound/text/digest.hpp"

namespace smoothbound {
namespace {

constexpr std::string_view state_prefix = "training.";
constexpr std::string_view identity_prefix = "option.";
constexpr std::string_view checksum_key = "checksum.sha256";

std::string key(std::string_view prefix, std::string_view name) {
  return fmt::format("{}{}", prefix, name);
}

// The numbers of a state, by name: written, read and checked in one place. The last argument says
// whether a run comes to such a value.
template <class State, class Visitor>
void visit_numbers(State& state, Visitor&& visit) {
  const auto is_finite = [](double value) { return std::isfinite(value) && value >= 0; };
  const auto is_sum = [](double value) { return value >= 0; };
  const auto is_count = [](std::int64_t value) { return value >= 0; };
  visit("iteration", state.iteration, is_count);
  visit("gamma", state.gamma, is_finite);
  visit("oracle_calls", state.oracle_calls, is_count);
  visit("seconds", state.seconds, is_finite);
  visit("first_objective", state.first_objective, [&](double value) {
    return std::isfinite(value) || (state.iteration == 0 && std::isnan(value));
  });
  visit("all_samples_first", state.all_samples_first,
        [](double value) { return !std::isinf(value); });
  visit("smallest_mapping", state.smallest_mapping, is_sum);
  visit("sum_of_steps", state.sum_of_steps, is_sum);
  visit("violation", state.violation, [&](std::int64_t value) {
    return value >= -1 && value < std::max<std::int64_t>(state.iteration, 0);
  });
}

class StateReader {
 public:
  StateReader(const std::string& path, const ArrayFile::Metadata& metadata)
      : path_(path), metadata_(metadata) {}

  template <class Number, class Check>
  void operator()(std::string_view name, Number& value, const Check& is_possible) const {
    const auto found = metadata_.find(key(state_prefix, name));
    const std::string text = found == metadata_.end() ? "" : found->second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !is_possible(value)) {
      throw DataError(path_, fmt::format("'{}' is no {} of a checkpoint", text, name),
                      std::string(checkpoint_advice));
    }
  }

 private:
  const std::string& path_;
  const ArrayFile::Metadata& metadata_;
};

// Over the metadata, itself left out, and the parameters with their names and shapes.
std::string checksum_of(const ArrayFile::Metadata& metadata, const ParameterLayout& layout,
                        std::span<const double> w) {
  Sha256 digest;
  for (const auto& [name, value] : metadata) {
    if (name == checksum_key) continue;
    digest.add_whole(name);
    digest.add_whole(value);
  }
  for (const ParameterArray& array : layout.arrays) {
    digest.add_whole(array.name);
    digest.add_whole(std::span<const std::int64_t>(array.sizes));
  }
  digest.add_whole(w);
  return std::move(digest).digits();
}

// Of what holds parameters only, or was written without one.
void check_has_checksum(const std::string& path, const ArrayFile::Metadata& metadata) {
  if (metadata.contains(std::string(checksum_key))) return;
  const bool has_state = std::ranges::any_of(
      metadata, [](const auto& entry) { return entry.first.starts_with(state_prefix); });
  throw DataError(path,
                  has_state ? "has no checksum: it is damaged, or of an earlier version"
                            : "is no checkpoint of training: it holds parameters only",
                  Remedy::new_run);
}

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

// The advice of a file of weights, to look into its numbers, is of no use here.
void read_values(const ArrayFile& file, const ParameterLayout& layout, std::span<double> w) try {
  for (std::size_t i = 0; i < layout.arrays.size(); ++i) {
    const ParameterArray& array = layout.arrays[i];
    file.read_into(file.entries()[i], w.subspan(static_cast<std::size_t>(array.offset),
                                                static_cast<std::size_t>(array.elements)));
  }
} catch (const DataError& error) {
  throw DataError(error.file, error.what(), std::string(checkpoint_advice));
}

}  // namespace

void save_checkpoint(const std::string& path, const ParameterLayout& layout,
                     const TrainingState& state, const TrainingIdentity& identity) {
  std::map<std::string, std::string> metadata;
  visit_numbers(state, [&](std::string_view name, const auto& value, const auto& /*check*/) {
    metadata.emplace(key(state_prefix, name), fmt::format("{}", value));
  });
  for (const auto& [name, value] : identity) metadata.emplace(key(identity_prefix, name), value);
  metadata.emplace(checksum_key, checksum_of(metadata, layout, state.w));
  write_safetensors(path, tensors_of(layout, state.w), metadata);
}

Checkpoint load_checkpoint(const std::string& path, const ParameterLayout& layout) {
  const std::vector<ExpectedTensor> expected = expected_tensors(layout);
  check_has_checksum(path, open_array_file(path).metadata());
  const ArrayFile file = read_weights(path, expected);
  const ArrayFile::Metadata& metadata = file.metadata();
  Checkpoint checkpoint;
  checkpoint.state.w.resize(static_cast<std::size_t>(layout.elements));
  read_values(file, layout, checkpoint.state.w);
  const auto checksum = metadata.find(std::string(checksum_key));
  if (checksum == metadata.end() ||
      checksum->second != checksum_of(metadata, layout, checkpoint.state.w)) {
    throw DataError(path, "is damaged: its checksum is that of other content",
                    std::string(checkpoint_advice));
  }
  visit_numbers(checkpoint.state, StateReader(path, metadata));
  checkpoint.identity = identity_of(metadata);
  return checkpoint;
}

void save_trained(const std::string& path, const ParameterLayout& layout, std::span<const double> w,
                  const std::map<std::string, std::string>& metadata) {
  write_safetensors(path, tensors_of(layout, w), metadata);
}

}  // namespace smoothbound
