// Parameters of a network: from files, to files, and their norms.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "smoothbound/data/weights.hpp"
#include "smoothbound/runtime/initialize.hpp"
#include "smoothbound/runtime/network.hpp"

namespace smoothbound {

/// The arrays of a network, as files have them.
std::vector<ExpectedTensor> expected_tensors(const ParameterLayout& layout);

/// Reads all parameters from a file that holds these arrays and no others, but perhaps those that
/// `others` names. Throws as `read_weights`; the parameters may then be partly overwritten.
template <class Scalar>
void load_parameters(Network<Scalar>& network, const std::string& path,
                     const OtherTensors& others = {}, const WeightsReading& reading = {});

/// Where parameters come from: a file, or else a scheme and a seed.
struct ParameterSource {
  std::string file;
  WeightsReading reading{};  // of the file
  bool is_model = false;     // the file is the model that is executed
  Scheme scheme = Scheme::ball;
  std::uint64_t seed = 1;
};

/// Sets all parameters of a network of `graph`. The file may hold statistics of its batch norms,
/// too. Throws as `load_parameters` or `initialize`.
template <class Scalar>
void set_parameters(Network<Scalar>& network, const Graph& graph, const ParameterSource& source,
                    const Real& default_radius);

/// Writes all parameters as safetensors, whole or not at all. Throws OutputError.
template <class Scalar>
void save_parameters(const Network<Scalar>& network, const std::string& path,
                     const std::map<std::string, std::string>& metadata);

/// Draws parameters of a network and writes them as safetensors, with the network's name, scheme
/// and seed as metadata; `default_radius` as for `initialize`. Throws std::length_error if they do
/// not fit into memory, OutputError, NotExecutable, and as `initialize`.
void write_initial_parameters(const Graph& graph, Scheme scheme, std::uint64_t seed,
                              const Real& default_radius, const std::string& path);

/// A parameter block v, and whether it lies in its ball.
struct BlockNorm {
  std::string name;  // of its arrays, without the part that tells them apart
  std::uint32_t layer = 0;
  double norm = 0;
  Real radius;
  bool inside = false;  // ||v|| <= R, up to the error of the measurement
};

/// Of all blocks, where `default_radius` is the radius of those that name none.
template <class Scalar>
std::vector<BlockNorm> block_norms(const Network<Scalar>& network, const Real& default_radius);

}  // namespace smoothbound
