/* Takes back the macros that opcodes.def was read with. Not here: their definitions. */
/* SPDX-License-Identifier: GPL-2.0-only */
#undef S
#undef V
#undef O
#undef W
#undef R
#undef OPCODE
#undef OPCODES
#undef OPCODE_STRIDE
#undef SHAPED
#undef SHAPEDS
#undef SHAPED_STRIDE
#undef OPCODE_GROUP
