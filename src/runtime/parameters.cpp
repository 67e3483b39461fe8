#include "smoothbound/runtime/parameters.hpp"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

#include "smoothbound/data/write_arrays.hpp"
#include "smoothbound/runtime/batch_runner.hpp"
#include "smoothbound/runtime/machine.hpp"
#include "smoothbound/runtime/norm.hpp"
#include "smoothbound/runtime/statistics.hpp"

namespace smoothbound {
namespace {

template <class Scalar>
std::span<Scalar> part(std::span<Scalar> w, std::int64_t offset, std::int64_t elements) {
  return w.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(elements));
}

}  // namespace

std::vector<ExpectedTensor> expected_tensors(const ParameterLayout& layout) {
  std::vector<ExpectedTensor> expected;
  expected.reserve(layout.arrays.size());
  for (const ParameterArray& array : layout.arrays) {
    expected.push_back({array.name, array.sizes, array.other_names});
  }
  return expected;
}

template <class Scalar>
void load_parameters(Network<Scalar>& network, const std::string& path, const OtherTensors& others,
                     const WeightsReading& reading) {
  const std::vector<ParameterArray>& arrays = network.parameter_layout().arrays;
  const std::vector<ExpectedTensor> expected = expected_tensors(network.parameter_layout());
  const ArrayFile file = read_weights(path, expected, others, reading);
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    file.read_into(file.entries()[i],
                   part(network.parameters(), arrays[i].offset, arrays[i].elements));
  }
  network.update_parameters();
}

template <class Scalar>
void set_parameters(Network<Scalar>& network, const Graph& graph, const ParameterSource& source,
                    const Real& default_radius) {
  if (source.file.empty()) {
    initialize(network, source.scheme, source.seed, default_radius);
  } else {
    WeightsReading reading = source.reading;
    reading.passes_over_buffers = names_weights(graph);
    load_parameters(
        network, source.file, [&] { return statistics_names(graph); }, reading);
  }
}

template <class Scalar>
void save_parameters(const Network<Scalar>& network, const std::string& path,
                     const std::map<std::string, std::string>& metadata) {
  std::vector<TensorView> tensors;
  for (const ParameterArray& array : network.parameter_layout().arrays) {
    tensors.push_back(
        {array.name, array.sizes, part(network.parameters(), array.offset, array.elements)});
  }
  write_safetensors(path, tensors, metadata);
}

void write_initial_parameters(const Graph& graph, Scheme scheme, std::uint64_t seed,
                              const Real& default_radius, const std::string& path) {
  // Once in the file's order, and once more in the form in which kernels want them.
  const Magnitude needed = Magnitude::from_count(graph.parameters) *
                           Magnitude::from_count(2 * static_cast<std::int64_t>(sizeof(float)));
  const std::int64_t available = available_memory();
  if (needed > Magnitude::from_count(available)) {
    throw std::length_error(fmt::format("{} parameters take {} bytes, and {} are available",
                                        graph.parameters, needed.to_text(3),
                                        memory_to_text(available)));
  }
  Network<float> network(graph, 1, Purpose::values);
  initialize(network, scheme, seed, default_radius);
  save_parameters(network, path,
                  {{"architecture", graph.name},
                   {"scheme", std::string(name_of(scheme))},
                   {"seed", std::to_string(seed)}});
}

template <class Scalar>
std::vector<BlockNorm> block_norms(const Network<Scalar>& network, const Real& default_radius) {
  const ParameterLayout& layout = network.parameter_layout();
  std::vector<BlockNorm> norms;
  for (const ParameterBlock& block : layout.blocks) {
    BlockNorm& result = norms.emplace_back();
    result.name = block.name;
    result.layer = block.layer;
    result.norm = euclidean_norm(part(network.parameters(), block.offset, block.elements));
    result.radius = block.radius ? *block.radius : default_radius;
    // Parameters that were projected onto a ball lie on its surface: what cannot be told to be
    // outside counts as inside.
    result.inside = std::isfinite(result.norm) &&
                    Magnitude::from_double(result.norm) <= result.radius.upper * measured(1).upper;
  }
  return norms;
}

using Metadata = std::map<std::string, std::string>;
template void load_parameters(Network<float>&, const std::string&, const OtherTensors&,
                              const WeightsReading&);
template void load_parameters(Network<double>&, const std::string&, const OtherTensors&,
                              const WeightsReading&);
template void set_parameters(Network<float>&, const Graph&, const ParameterSource&, const Real&);
template void set_parameters(Network<double>&, const Graph&, const ParameterSource&, const Real&);
template void save_parameters(const Network<float>&, const std::string&, const Metadata&);
template void save_parameters(const Network<double>&, const std::string&, const Metadata&);
template std::vector<BlockNorm> block_norms(const Network<float>&, const Real&);
template std::vector<BlockNorm> block_norms(const Network<double>&, const Real&);

}  // namespace smoothbound
