package desktop

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// CloseWindows asks every window on a virtual screen to close, as the window
// manager does when its cross is pressed: WM_DELETE_WINDOW of ICCCM 4.2.8.1.
func (s *Screen) CloseWindows() error {
	conn, err := net.Dial("unix", s.socket())
	if err != nil {
		return fmt.Errorf("cannot close the windows: %w", err)
	}
	defer conn.Close()
	x := xclient{conn}
	root, err := x.greet()
	if err != nil {
		return fmt.Errorf("cannot close the windows: %w", err)
	}
	protocols, e1 := x.atom("WM_PROTOCOLS")
	remove, e2 := x.atom("WM_DELETE_WINDOW")
	windows, e3 := x.children(root)
	if err := errors.Join(e1, e2, e3); err != nil {
		return fmt.Errorf("cannot close the windows: %w", err)
	}
	for _, frame := range windows { // of the window manager, or the window itself
		inside, err := x.children(frame)
		if err != nil {
			return fmt.Errorf("cannot close the windows: %w", err)
		}
		for _, w := range append(inside, frame) {
			if err := x.tell(w, protocols, remove); err != nil {
				return err
			}
		}
	}
	_, err = x.children(root) // an answer: all before it has arrived
	return err
}

// xclient speaks the few words of the X protocol that this needs, from its
// specification (X Window System Protocol, appendix B).
type xclient struct{ net.Conn }

var order = binary.LittleEndian

// greet opens the connection and gives the root window.
func (x xclient) greet() (root uint32, err error) {
	if _, err := x.Write([]byte{'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		return 0, err
	}
	head := make([]byte, 8)
	if _, err := io.ReadFull(x, head); err != nil {
		return 0, err
	}
	setup := make([]byte, 4*int(order.Uint16(head[6:])))
	if _, err := io.ReadFull(x, setup); err != nil {
		return 0, err
	}
	if head[0] != 1 || len(setup) < 32 {
		return 0, errors.New("the X server refuses us")
	}
	vendor, formats := (int(order.Uint16(setup[16:]))+3)/4*4, 8*int(setup[21])
	return order.Uint32(setup[32+vendor+formats:]), nil
}

// ask sends a request and reads its answer of 32 bytes and more.
func (x xclient) ask(request []byte) ([]byte, error) {
	if _, err := x.Write(request); err != nil {
		return nil, err
	}
	answer := make([]byte, 32)
	if _, err := io.ReadFull(x, answer); err != nil {
		return nil, err
	}
	if answer[0] != 1 {
		return nil, fmt.Errorf("the X server answers request %d with %v", request[0], answer[:2])
	}
	more := make([]byte, 4*int(order.Uint32(answer[4:])))
	_, err := io.ReadFull(x, more)
	return append(answer, more...), err
}

func (x xclient) atom(name string) (uint32, error) {
	const internAtom = 16
	text := append([]byte(name), make([]byte, (4-len(name)%4)%4)...)
	request := []byte{internAtom, 0}
	request = order.AppendUint16(request, uint16(2+len(text)/4))
	request = order.AppendUint16(request, uint16(len(name)))
	answer, err := x.ask(append(append(request, 0, 0), text...))
	if err != nil {
		return 0, err
	}
	return order.Uint32(answer[8:]), nil
}

func (x xclient) children(window uint32) (all []uint32, err error) {
	const queryTree = 15
	answer, err := x.ask(order.AppendUint32([]byte{queryTree, 0, 2, 0}, window))
	if err != nil {
		return nil, err
	}
	for i := range int(order.Uint16(answer[16:])) {
		all = append(all, order.Uint32(answer[32+4*i:]))
	}
	return all, nil
}

// tell sends a message to whoever made the window.
func (x xclient) tell(window, protocol, what uint32) error {
	const sendEvent, clientMessage, format = 25, 33, 32
	request := order.AppendUint32([]byte{sendEvent, 0, 11, 0}, window)
	request = order.AppendUint32(request, 0) // to no mask: the maker
	request = append(request, clientMessage, format, 0, 0)
	for _, v := range []uint32{window, protocol, what, 0, 0, 0, 0} {
		request = order.AppendUint32(request, v)
	}
	_, err := x.Write(request)
	return err
}
