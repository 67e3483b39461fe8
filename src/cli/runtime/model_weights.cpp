#include "shared/model_weights.hpp"

#include "smoothbound/data/model_arrays.hpp"

namespace smoothbound::cli {

void require_model_weights(const CommandLine& /*line*/) {}

void write_model_weights(const std::string& file, const models::ImportOptions& options,
                         const std::string& output) {
  write_model_tensors(output, models::read_model_file(file, options).value());
}

}  // namespace smoothbound::cli
