// The readers as fuzzers and the corpus test call them: all that a file can make them do.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace smoothbound::fuzz {

/// Reads the file at `path` to its end. What is wrong with it has to be a DataError, or a SpecError
/// for a model, and the message must be safe to show; all else escapes.
using Reader = void (*)(const std::string& path);

void read_arrays(const std::string& path);  // safetensors, NPY and NPZ, told by content
void read_network_weights(const std::string& path);
void read_idx(const std::string& path);  // plain and compressed, as images
void read_idx_labels(const std::string& path);
void read_cifar(const std::string& path);

/// As a model of each of the formats of this name: what is read has to be an architecture file, or
/// refused as one, and its numbers are read.
void read_model(std::string_view format, const std::string& path);
void read_onnx(const std::string& path);
void read_keras(const std::string& path);
void read_darknet(const std::string& path);
void read_prototxt(const std::string& path);

struct NamedReader {
  std::string_view name;  // of the fuzzer's corpus
  Reader read;
};

/// Each with a folder tests/fuzz/corpus/NAME and a fuzzer NAME_fuzzer.
inline constexpr std::array<NamedReader, 11> readers{{{"safetensors", read_arrays},
                                                      {"npy", read_arrays},
                                                      {"npz", read_arrays},
                                                      {"weights", read_network_weights},
                                                      {"idx", read_idx},
                                                      {"labels", read_idx_labels},
                                                      {"cifar", read_cifar},
                                                      {"onnx", read_onnx},
                                                      {"keras", read_keras},
                                                      {"darknet", read_darknet},
                                                      {"prototxt", read_prototxt}}};

}  // namespace smoothbound::fuzz
