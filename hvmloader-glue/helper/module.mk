# Builds hvmassistd and hvmassist, the helper in dom0 and the command. They are for the release of Xen that
# libxen-dev is of. Not here: their tests (tests/glue/helper).
# SPDX-License-Identifier: GPL-2.0-only

helper_dir := hvmloader-glue/helper
helper_out := build/helper
helper_flags := -std=gnu11 -O2 -g -Wall -Wextra -Wconversion -Werror -D__XEN_TOOLS__ -Iinclude -I$(helper_dir) -MMD -MP \
	$(CPPFLAGS) $(CFLAGS)
helper_libraries := -lxenctrl -lxenguest -lxenevtchn -lxenforeignmemory -lxencall -lxendevicemodel -lxenstore \
	-lxentoollog

# All that does not need Xen: the tests link these.
HELPER_SOURCES := $(addprefix $(helper_dir)/,clock.c context.c domain.c image.c processor.c log.c lost_event.c record.c \
	request.c ring.c serve.c state_check.c switch.c watcher.c create.c host.c status.c)
HELPER_OBJECTS := $(patsubst $(helper_dir)/%.c,$(helper_out)/%.o,$(HELPER_SOURCES))

.PHONY: helper
all: helper
helper: $(helper_out)/hvmassistd $(helper_out)/hvmassist

$(helper_out)/hvmassistd: $(helper_out)/hvmassistd.o $(helper_out)/xen_libraries.o $(HELPER_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ $(helper_libraries)

$(helper_out)/hvmassist: $(helper_out)/hvmassist.o $(helper_out)/host_ask.o $(HELPER_OBJECTS)
	$(CC) $(LDFLAGS) -o $@ $^ -lxenctrl -lxentoollog

$(helper_out)/%.o: $(helper_dir)/%.c
	@mkdir -p $(@D)
	$(CC) $(helper_flags) -c $< -o $@

-include $(wildcard $(helper_out)/*.d)
