// The readers as fuzzers and the corpus test call them: all that a file can make them do.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace smoothbound::fuzz {

/// Reads the file at `path` to its end. What is wrong with it has to be a DataError, and the
/// message must be safe to show; all else escapes.
using Reader = void (*)(const std::string& path);

void read_arrays(const std::string& path);  // safetensors, NPY and NPZ, told by content
void read_network_weights(const std::string& path);
void read_idx(const std::string& path);  // plain and compressed, as images
void read_idx_labels(const std::string& path);
void read_cifar(const std::string& path);

struct NamedReader {
  std::string_view name;  // of the fuzzer's corpus
  Reader read;
};

/// Each with a folder tests/fuzz/corpus/NAME and a fuzzer NAME_fuzzer.
inline constexpr std::array<NamedReader, 7> readers{{{"safetensors", read_arrays},
                                                     {"npy", read_arrays},
                                                     {"npz", read_arrays},
                                                     {"weights", read_network_weights},
                                                     {"idx", read_idx},
                                                     {"labels", read_idx_labels},
                                                     {"cifar", read_cifar}}};

}  // namespace smoothbound::fuzz
