#include "onnx_program.hpp"

namespace smoothbound::testing::onnx {

std::string_view reason_of(Inexpressible why) {
  switch (why) {
    case Inexpressible::many_axes:
      return "a sample has at most four axes";
    case Inexpressible::asymmetric_padding:
      return "padding differs on both sides, and not as `same` has it";
    case Inexpressible::dilated_pooling:
      return "poolings have no dilation";
    case Inexpressible::bias_of_each_sample:
      return "all samples have the same bias";
    case Inexpressible::stacked_matrices:
      return "each sample has a weight matrix of its own";
    case Inexpressible::other_constants:
      return "the activation has other constants";
    case Inexpressible::integer_arithmetic:
      return "integers, where sums and products wrap";
    case Inexpressible::random:
      return "dropout is the identity, as at evaluation";
    case Inexpressible::beyond_float32:
      return "the stored input is uninitialized memory, beyond the range of float32";
    case Inexpressible::not_a_tensor:
      return "a sequence or an optional value";
    case Inexpressible::empty_array:
      return "a sample has no entries";
    case Inexpressible::backwards:
      return "a slice goes forwards";
    case Inexpressible::padded_channels:
      return "padding is around positions, not channels";
    case Inexpressible::other_interpolation:
      return "entries or weights are others";
    case Inexpressible::other_axes:
      return "what is looked up are rows";
  }
  return {};
}

}  // namespace smoothbound::testing::onnx
