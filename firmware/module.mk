# Builds the blob: build/firmware/hvmassist.bin (low layout), hvmassist-high.bin (at HIGH_BASE),
# hvmassist-at-BASE.bin for any other base, and the same with -trace, -ring, -profile and -leave (policy
# off). `make size`: where the bytes are.
# Not here: putting the blob anywhere (hvmloader-glue, tests).
# SPDX-License-Identifier: GPL-2.0-only

# Where the high layout is linked: page aligned, and so that image and bss lie within one 4 MiB.
HIGH_BASE ?= 0x03F00000

comma := ,
firmware_dir := firmware
firmware_out := build/firmware
firmware_low_base := 0xD0000
# The transport by base address: the world switch demands the low layout, and is the only one there.
firmware_transport = $(if $(filter $(firmware_low_base),$(1)),world_switch,xen4)
# What going out and back in costs (policy.h); in the variant -leave it is not asked about.
firmware_round_trip = $(if $(filter $(firmware_low_base),$(1)),world_switch,hypercall)_round_trip
# What the header names: the low layout has nobody to tell it to.
firmware_description = $(if $(filter $(firmware_low_base),$(1)),0,hvmloader4_image)

firmware_flags := -m32 -march=i686 -std=gnu11 -Wall -Wextra -Wconversion -Werror -ffreestanding \
	-fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fno-jump-tables \
	-fomit-frame-pointer -mno-sse -mno-mmx -mregparm=3 -ffunction-sections -fdata-sections \
	-I. -Iinclude -MMD -MP
firmware_link := -m32 -nostdlib -static -no-pie -Wl,--gc-sections -Wl,--build-id=none \
	-Wl,--no-warn-rwx-segments -Wl,-z,noexecstack

firmware_sources := $(sort $(wildcard $(firmware_dir)/*.S $(firmware_dir)/*.c)) $(EMULATOR_SOURCES)
firmware_parts := $(addsuffix .o,$(basename $(firmware_sources)))

.PHONY: firmware size firmware_force
all: firmware
firmware: $(addprefix $(firmware_out)/,hvmassist.bin hvmassist-high.bin)

# The interpreter is to be small; the rest of the blob, where no time goes, smaller still.
firmware_size = $(if $(filter $(firmware_dir)/%,$(1)),-Oz,-Os)

# $(call firmware_objects,folder of the objects,more flags)
define firmware_objects
$(patsubst %.c,$(firmware_out)/$(1)/%.o,$(filter %.c,$(firmware_sources))): $(firmware_out)/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(CC) $(firmware_flags) $$(call firmware_size,$$<) $(2) -c $$< -o $$@
$(patsubst %.S,$(firmware_out)/$(1)/%.o,$(filter %.S,$(firmware_sources))): $(firmware_out)/$(1)/%.o: %.S
	@mkdir -p $$(@D)
	$$(CC) $(firmware_flags) $$(call firmware_size,$$<) $(2) -c $$< -o $$@
endef
$(eval $(call firmware_objects,plain,))
$(eval $(call firmware_objects,trace,-DEMULATOR_TRACE))
$(eval $(call firmware_objects,profile,-DEMULATOR_TRACE -DFIRMWARE_PROFILE))

# $(call firmware_image,variant,folder of the objects,cost of a round trip,more linker flags): at any base.
define firmware_image
$(firmware_out)/hvmassist-at-%$(1).elf: $(addprefix $(firmware_out)/$(2)/,$(firmware_parts)) $(firmware_dir)/layout.lds
	$$(CC) $(firmware_link) -Wl,--defsym=BASE=$$* -Wl,--defsym=transport=$$(call firmware_transport,$$*) \
		-Wl,--defsym=description=$$(call firmware_description,$$*) \
		-Wl,--defsym=policy_round_trip=$(3) $(4) -Wl,-T,$(firmware_dir)/layout.lds \
		-Wl,-Map=$$(@:.elf=.map) $$(filter %.o,$$^) -o $$@
endef
$(eval $(call firmware_image,-trace,trace,$$(call firmware_round_trip,$$*),-Wl$(comma)--defsym=trace_instruction=trace_to_log))
$(eval $(call firmware_image,-ring,trace,$$(call firmware_round_trip,$$*),-Wl$(comma)--defsym=trace_instruction=trace_to_ring))
$(eval $(call firmware_image,-profile,profile,$$(call firmware_round_trip,$$*)))
$(eval $(call firmware_image,-leave,plain,policy_never))
$(eval $(call firmware_image,,plain,$$(call firmware_round_trip,$$*)))

$(firmware_out)/hvmassist-at-%.bin: $(firmware_out)/hvmassist-at-%.elf $(firmware_dir)/check-image.sh
	objcopy -O binary $< $@.tmp
	sh $(firmware_dir)/check-image.sh $@.tmp
	mv $@.tmp $@

# $(call firmware_named,name,base-and-variant): a copy under a plain name, new only when it differs.
define firmware_named
$(firmware_out)/$(1).bin: $(firmware_out)/hvmassist-at-$(2).bin firmware_force
	@cmp -s $$< $$@ || cp $$< $$@
	@cmp -s $$(<:.bin=.elf) $$(@:.bin=.elf) || cp $$(<:.bin=.elf) $$(@:.bin=.elf)
	@cmp -s $$(<:.bin=.map) $$(@:.bin=.map) || cp $$(<:.bin=.map) $$(@:.bin=.map)
endef
$(eval $(call firmware_named,hvmassist,$(firmware_low_base)))
$(eval $(call firmware_named,hvmassist-high,$(HIGH_BASE)))
$(eval $(call firmware_named,hvmassist-trace,$(firmware_low_base)-trace))
$(eval $(call firmware_named,hvmassist-high-trace,$(HIGH_BASE)-trace))

.PRECIOUS: $(firmware_out)/hvmassist-at-%.bin $(firmware_out)/hvmassist-at-%.elf \
	$(firmware_out)/hvmassist-at-%-trace.elf $(firmware_out)/hvmassist-at-%-profile.elf \
	$(firmware_out)/hvmassist-at-%-leave.elf $(firmware_out)/hvmassist-at-%-ring.elf

size: $(firmware_out)/hvmassist.bin
	@awk -f $(firmware_dir)/size.awk $(firmware_out)/hvmassist.map
	@size -A $(firmware_out)/hvmassist.elf | awk '/^\.(text|data|bss)/ { print $$1, $$2 }'
	@echo "image $$(stat -c %s $<) of $$((62 * 1024)) bytes"

-include $(shell find $(firmware_out) -name '*.d' 2>/dev/null)
